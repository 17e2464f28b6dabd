"""SQL, and nothing but SQL: whoever wants rows calls a function of this package."""
