/**
 * Names that make a field secret wherever they stand in its key, written without separators and in lower case. A
 * compound comes with its own entry where what follows it would otherwise be read as part of the name.
 */
export const secretStems: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'pwd',
  'secret',
  'secretkey',
  'token',
  'apikey',
  'accesskey',
  'accountkey',
  'deploykey',
  'encryptionkey',
  'enckey',
  'aeskey',
  'hmackey',
  'licensekey',
  'masterkey',
  'privatekey',
  'sharedkey',
  'signingkey',
  'sshkey',
  'unsealkey',
  'authorization',
  'authheader',
  'cookie',
  'credential',
  'connectionstring',
  'connstr',
  'sessionid',
  'sessid',
  'amzsignature',
  'mnemonic',
  'seedphrase',
  // Node's flat list of header names and values.
  'rawheaders',
]

/** Last words of a key that is secret if its value is a text: the same words name harmless numbers and objects. */
export const secretLastWords: ReadonlySet<string> = new Set([
  'pass',
  'pw',
  'otp',
  'totp',
  'jwt',
  'dsn',
  'psk',
  'sig',
  'userpass',
  'passw',
  'bearer',
  'csrf',
  'xsrf',
  'pem',
])

/** Last words of a key that is secret whatever its value is: the same letters begin or end harmless words. */
export const secretLastNames: ReadonlySet<string> = new Set(['creds', 'cvv'])

/** Names whose numbers are counts and places in a list: an API key or a session's id is longer. */
export const countedNames: RegExp = /(?:keys|sess(?:ion)?ids?)$/

/** Whole keys that are secret if their value is a text: `auth: 'user:pass'`, but not `auth: { method: 'oidc' }`. */
export const secretWholeKeys: ReadonlySet<string> = new Set(['auth', 'session'])

/** What may follow a secret name and makes the field a fact about the secret: `tokenCount`, `passwordChangedAt`. */
export const describingWords: ReadonlySet<string> = new Set(
  `age algorithm ary arn at attempts audience aws bucket by cache category changed class consent count counts created
   date days description details domain enabled disabled endpoint engine error errors exists expiration expired expires
   expiry field fields file format found hours id ids in index invalid issuer ization ize ized izer izing kind label
   length less limit limits manager max maxage metadata min minutes missing ms name names on optional path policy
   prefix present provider providers ref refs region required reset retries rotated rotation rules samesite scope scopes
   seconds set size source stage stages state status store strength time timestamp ttl type types unit updated uri url
   usage used valid version versions`.split(/\s+/),
)

/** What stands before `token` where it only says how far a listing or a retry has come. */
export const positionPrefix: RegExp =
  /(?:next|page|continuation|pagination|idempotency|clientrequest|cancel|cancellation)$/

/** What stands first in the key of a yes-or-no answer: `hasPassword`. */
export const questionPrefix: RegExp = /^(?:is|has|had|have|needs?|requires?|allows?|uses?|can|should|must|show)/
