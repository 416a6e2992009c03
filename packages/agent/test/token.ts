/** The one that the tests' agents want. */
export const token = 'test-token-0123456789'
