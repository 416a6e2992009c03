/**
 * A client of OpenBao, and of HashiCorp Vault: logins, a token that is kept alive, KV v2, and failures told apart.
 */
export {}
