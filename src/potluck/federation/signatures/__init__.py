"""HTTP signatures, old and new: keys, digests, signing, verifying, and knocking twice."""
