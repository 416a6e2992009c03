const iso = /^(\d{4})-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?$/u

/**
 * Milliseconds since 1970. "You must specify date/time values with one of the W3C implementations of the ISO 8601 date
 * formats or in epoch (UNIX) time." (IAM User Guide, "Condition operators".) A date without a time is its first instant.
 */
export const instantOf = (text: string): number | undefined => {
  if (/^\d{5,}$/u.test(text)) return Number(text) * 1000
  const found = iso.exec(text)
  if (found === null) return undefined
  const [, year, month, day = '01', hour = '00', minute = '00', second = '00', fraction = '.0', zone = 'Z'] = found
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const within = (Number(hour) * 60 + Number(minute)) * 60_000 + (Number(second) + Number(`0${fraction}`)) * 1000
  return midnight + within - offset(zone)
}

const offset = (zone: string): number => {
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
