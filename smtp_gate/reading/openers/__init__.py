"""One file a family of formats: what an archive or a document holds. Only extractor children import this."""
