"""What tests of several tables of the module use."""

#: An image that the simulated account knows.
AMI = "ami-03cf127a"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIf2eZFAr2KwVN6eYrCMP8kLnFBw5D+Ms+ZmGr3eOI5T"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
