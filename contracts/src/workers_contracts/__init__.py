"""What goes over the wire: commands, events and the topology they travel on."""
