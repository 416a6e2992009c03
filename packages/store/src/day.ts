/** How long a day is, in milliseconds. */
export const dayMs = 86_400_000
