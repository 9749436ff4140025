"""WriteFreely's HTTP API, which write.as clients and editors speak. Every endpoint is reached from `routes`."""
