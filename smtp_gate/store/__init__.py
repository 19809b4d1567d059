"""What must survive a crash: held mail and the journal, as files."""
