"""ANAF's protocol: the XML gate and the texts of its answers."""
