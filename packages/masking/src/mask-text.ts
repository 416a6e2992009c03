import type { KeyRules } from './key-rules.ts'
import { maskKnownForms, mayHoldKnownForm } from './known-forms.ts'
import { mask } from './mask.ts'
import { maskCommands } from './text-commands.ts'
import { maskOptions, maskPairs } from './text-pairs.ts'
import { maskUrlCredentials } from './url-credentials.ts'

/** "Bearer" and "Basic" are words as well: what follows is a credential if it is long or holds a digit. */
const schemeCredential =
  /\b([Bb]earer|BEARER|[Bb]asic|BASIC)(\s+\\*["']?)(?=[A-Za-z._~+/=-]*\d|[A-Za-z._~+/=-]{20})[\w.~+/=-]{8,}/g

/** Free text that holds none of these holds nothing that the rules after it look for. */
const worthReading = /[=:]|--|%3[Dd]|bearer|basic|sshpass|mysql|mariadb|(?:password|identified)\s/i
const scheme = /[Bb]earer|BEARER|[Bb]asic|BASIC/

/** Masks the secrets that a text shows by their form: URLs with passwords, `password=…`, bearer tokens, private keys. */
export const createTextMasker =
  (rules: KeyRules, maskValues: (text: string) => string): ((text: string) => string) =>
  (text) => {
    // First: what the rules below mask may be a part of a value, and would hide it from its registry.
    let shown = maskValues(text)
    if (mayHoldKnownForm(shown)) shown = maskKnownForms(shown)
    if (!worthReading.test(shown)) return shown
    if (shown.includes('://')) shown = maskUrlCredentials(shown)
    if (scheme.test(shown)) shown = shown.replace(schemeCredential, `$1$2${mask}`)
    shown = maskCommands(shown)
    if (shown.includes('--')) shown = maskOptions(shown, rules)
    return maskPairs(shown, rules)
  }
