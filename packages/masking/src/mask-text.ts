import type { KeyRules } from './key-rules.ts'
import { maskKnownForms, mayHoldKnownForm } from './known-forms.ts'
import { mask } from './mask.ts'
import { maskCommands } from './text-commands.ts'
import { maskOptions, maskPairs } from './text-pairs.ts'
import { isSuspicious } from './text-suspicion.ts'
import { maskUrlCredentials } from './url-credentials.ts'

/** "Bearer" and "Basic" are words as well: what follows is a credential if it is long or holds a digit. */
const schemeCredential =
  /\b([Bb]earer|BEARER|[Bb]asic|BASIC)(\s+\\*["']?)(?=[A-Za-z._~+/=-]*\d|[A-Za-z._~+/=-]{20})[\w.~+/=-]{8,}/g

const scheme = /[Bb]earer|BEARER|[Bb]asic|BASIC/

/** Masks the secrets that a text shows by their form: URLs with passwords, `password=…`, bearer tokens, private keys. */
export const createTextMasker =
  (rules: KeyRules): ((text: string) => string) =>
  (text) => {
    if (!isSuspicious(text)) return text
    let shown = mayHoldKnownForm(text) ? maskKnownForms(text) : text
    if (shown.includes('://')) shown = maskUrlCredentials(shown)
    if (scheme.test(shown)) shown = shown.replace(schemeCredential, `$1$2${mask}`)
    shown = maskCommands(shown)
    if (shown.includes('--')) shown = maskOptions(shown, rules)
    return maskPairs(shown, rules)
  }
