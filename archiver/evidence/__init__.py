"""What makes a record provable: canonical fields, salted commitments, and the tree they form."""
