import { mask } from './mask.ts'

/** A user name this long in an http URL is a token put in its place (`https://TOKEN@github.com`). */
const minTokenUserLength = 20
/** How far an URL's credentials are looked for, so that the time stays in proportion to the text. */
const maxUrlLength = 4_096

/** Where the credentials of the URL end (its last `@` before the host), or -1. `rest` is what follows `://`. */
const credentialsEnd = (rest: string): number => {
  const authorityEnd = rest.search(/[/?#]/)
  const at = rest.lastIndexOf('@', authorityEnd === -1 ? rest.length : authorityEnd)
  if (at !== -1) return at
  // No `@` before the first slash: either there are no credentials, or the password holds a raw slash. A port is digits.
  return /^[^:/?#]*:(?!\d{0,5}(?:[/?#,]|$))/.test(rest) && !rest.startsWith('[') ? rest.lastIndexOf('@') : -1
}

const maskCredentials = (credentials: string, scheme: string): string => {
  const colon = credentials.indexOf(':')
  const user = colon === -1 ? credentials : credentials.slice(0, colon)
  const shownUser = /https?$/i.test(scheme) && user.length >= minTokenUserLength ? mask : user
  return colon === -1 ? shownUser : `${shownUser}:${mask}`
}

/** The text with the password of every `scheme://user:password@host` masked; the user and the host stay. */
export const maskUrlCredentials = (text: string): string => {
  let shown = ''
  let from = 0
  for (let found = text.indexOf('://'); found !== -1; found = text.indexOf('://', from)) {
    const start = found + 3
    const [rest = ''] = text.slice(start, start + maxUrlLength).split(/[\s"<>`\\]/, 1)
    const end = credentialsEnd(rest)
    shown += text.slice(from, start)
    from = start
    if (end === -1) continue
    shown += maskCredentials(rest.slice(0, end), text.slice(Math.max(0, found - 5), found))
    from = start + end
  }
  return from === 0 ? text : shown + text.slice(from)
}
