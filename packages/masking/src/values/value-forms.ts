import { formsOf, type KnownValue, wayCount, writeIn } from './ways.ts'
import { isWorthFinding } from './worth-finding.ts'

/** The number of one more way: a line of a value with many, as it is. */
export const lineWay: number = wayCount
/** Where a form is found: in texts, in streams of bytes, where its characters are bytes of UTF-8, or in both. */
export type Domain = 0 | 1 | 2
export const everywhere: Domain = 0
export const inTexts: Domain = 1
export const inBytes: Domain = 2

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** One character a byte of the text in UTF-8. */
const asBytes = (text: string): string => (isAscii(text) ? text : Buffer.from(text).toString('latin1'))

/** The value written in one of the ways; for streams, one character a byte. */
export const writeValue = (value: KnownValue, way: number, domain: Domain): string => {
  const written = writeIn(value, way)
  return domain === inBytes ? asBytes(written) : written
}

/** Calls back with every form of the value that is unlike those before it. */
export const eachForm = (value: KnownValue, take: (form: string, way: number, domain: Domain) => void): void => {
  for (const [way, form] of formsOf(value))
    if (value.binary || isAscii(form)) take(form, way, everywhere)
    else {
      take(form, way, inTexts)
      take(asBytes(form), way, inBytes)
    }
}

/** A line that may be one of a key's or a certificate's: without blanks, long enough to be nothing else. */
const keyLine = /^[\w+/=-]{24,}(?=\r?$)/gm

/** Where the lines of a value begin that are looked for by themselves, since logs show text line by line. */
export const linesOf = ({ text }: KnownValue): readonly number[] =>
  text.includes('\n')
    ? [...text.matchAll(keyLine)].filter(([line]) => isWorthFinding(line)).map(({ index }) => index)
    : []

/** The line of the value that the place is in. */
export const lineAt = ({ text }: KnownValue, place: number): { readonly start: number; readonly line: string } => {
  const start = text.lastIndexOf('\n', place) + 1
  return { start, line: /^[\w+/=-]*/.exec(text.slice(start))?.[0] ?? '' }
}
