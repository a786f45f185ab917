"""Results: the tables of a study, the same whether an engine calculated them or a file brought them."""
