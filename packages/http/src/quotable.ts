export interface QuotableOptions {
  /** Texts that must not be told: a token, a key. Those shorter than 8 characters are not looked for. */
  readonly hidden?: readonly string[]
  /** Characters; what is longer is cut. */
  readonly maxLength: number
}

/** Shorter ones would be found in the middle of words. */
const shortestHidden = 8

/** What another machine said, fit for an error: without what it echoed of our secrets, and no longer than this. */
export const quotable = (said: string, { hidden = [], maxLength }: QuotableOptions): string => {
  let text = said
  for (const secret of hidden)
    if (secret.length >= shortestHidden)
      for (const spelling of new Set([secret, encodeURIComponent(secret.replace(/\p{Surrogate}/gu, ''))]))
        text = text.replaceAll(spelling, '[secret]')
  // A pair of surrogates is not cut in two.
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
