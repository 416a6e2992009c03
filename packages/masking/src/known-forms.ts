import { mask } from './mask.ts'

/** The beginnings by which the forms below are known; a text without any needs no further look. */
const beginnings = /gh[pousr]_|github_pat_|xox[a-z]-|[sr]k_(?:live|test)_|hooks\.slack\.com|eyJ|-----BEGIN/

/**
 * Tokens of GitHub, Slack and Stripe.
 * @see https://docs.github.com/authentication, https://api.slack.com/authentication/token-types, https://docs.stripe.com/keys
 */
const vendorToken =
  /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,})/g
const slackWebhook = /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]+/g
/** Three parts if signed, five if encrypted; the header is bounded for the time to stay in proportion to the text. */
const jsonWebToken = /\beyJ[\w-]{5,2000}\.(?:[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+|[\w-]{5,}\.[\w-]*)/g
const privateKey =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g

/** Whether the text may hold a secret that is known by its form alone. */
export const mayHoldKnownForm = (text: string): boolean => beginnings.test(text)

/** The text with every secret masked that is known by its form alone, wherever it stands. */
export const maskKnownForms = (text: string): string =>
  text
    .replace(privateKey, mask)
    .replace(jsonWebToken, mask)
    .replace(vendorToken, mask)
    .replace(slackWebhook, `$1${mask}`)
