"""The gate's own settings: one YAML file, checked whole, every mistake at its place."""

from smtp_gate.config.listeners import (
    LOOPBACK,
    Auth,
    ClientCertificate,
    ListenerSettings,
    ListenerTls,
    TrustedReceived,
)
from smtp_gate.config.loading import LoadedConfig, config_schema, find_config, load_config, pack_paths
from smtp_gate.config.models import Config, HopTimeouts, HopTls, LimitSettings, LogSettings, NextHopSettings

__all__ = [
    "LOOPBACK",
    "Auth",
    "ClientCertificate",
    "Config",
    "HopTimeouts",
    "HopTls",
    "LimitSettings",
    "ListenerSettings",
    "ListenerTls",
    "LoadedConfig",
    "LogSettings",
    "NextHopSettings",
    "TrustedReceived",
    "config_schema",
    "find_config",
    "load_config",
    "pack_paths",
]
