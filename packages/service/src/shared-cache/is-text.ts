/** Whether it is the same after it was bytes: a half of a pair of surrogates would be another character. */
export const isText = (given: string): boolean => !/\p{Surrogate}/u.test(given)
