"""MetaWeblog, Blogger and the older WordPress calls by XML-RPC, which desktop editors speak."""
