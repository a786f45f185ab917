"""Outside files and our models: one package per outside tool, one table reader for all of them."""
