/** The variable that stands for a secret where there are variables only: `payments/api-key` is `PAYMENTS_API_KEY`. */
export const variableOf = (ref: string): string => ref.toUpperCase().replaceAll(/[^\p{L}\p{N}_]/gu, '_')
