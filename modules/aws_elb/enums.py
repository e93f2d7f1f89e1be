"""Values that several of the module's tables share, each as a type of its own."""

PROTOCOLS = ("GENEVE", "HTTP", "HTTPS", "TCP", "TCP_UDP", "TLS", "UDP")
