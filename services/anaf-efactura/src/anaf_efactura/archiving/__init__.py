"""The archive of what ANAF gave: kept byte for byte, indexed, proven, erased only by law."""
