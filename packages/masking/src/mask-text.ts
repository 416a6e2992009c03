import type { KeyRules } from './key-rules.ts'
import { mask } from './mask.ts'
import { maskOptions, maskPairs } from './text-pairs.ts'
import { maskUrlCredentials } from './url-credentials.ts'

const privateKey =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g
const jsonWebToken = /\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g
/** "Bearer" and "Basic" are words as well: what follows is a credential if it is long or holds a digit. */
const schemeCredential =
  /\b([Bb]earer|BEARER|[Bb]asic|BASIC)(\s+)(?=[A-Za-z._~+/=-]*\d|[A-Za-z._~+/=-]{20})[\w.~+/=-]{8,}/g

/** Free text that holds none of these holds nothing that the rules below look for. */
const worthReading = /[=:]|--|eyJ|[Bb]earer|BEARER|[Bb]asic|BASIC/
const scheme = /[Bb]earer|BEARER|[Bb]asic|BASIC/

/** Masks the secrets that a text shows by their form: URLs with passwords, `password=…`, bearer tokens, private keys. */
export const createTextMasker =
  (rules: KeyRules): ((text: string) => string) =>
  (text) => {
    if (!worthReading.test(text)) return text
    let shown = text
    if (shown.includes('-----BEGIN')) shown = shown.replace(privateKey, mask)
    if (shown.includes('eyJ')) shown = shown.replace(jsonWebToken, mask)
    if (shown.includes('://')) shown = maskUrlCredentials(shown)
    if (scheme.test(shown)) shown = shown.replace(schemeCredential, `$1$2${mask}`)
    if (shown.includes('--')) shown = maskOptions(shown, rules)
    return maskPairs(shown, rules)
  }
