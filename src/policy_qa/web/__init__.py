"""The product over HTTP: the API of the contract, the pages, and what an operator needs to run them."""
