"""The Wyoming port, by which Home Assistant's Assist has speech recognized; its library is loaded when it is on."""
