/* Nothing: the libraries here only have names. */
