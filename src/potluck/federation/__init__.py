"""The wire: vocabulary, signatures, discovery, safe fetching, inbox and delivery."""
