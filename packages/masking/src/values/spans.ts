import { mask } from '../mask.ts'

/** A stretch of a text: from `start` up to, and without, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const backslash = 92
const quotationMark = 34

const backslashesBefore = (text: string, at: number): number => {
  let start = at
  while (start > 0 && text.charCodeAt(start - 1) === backslash) start -= 1
  return at - start
}

const cutUnicode = /\\u[\da-fA-F]{0,3}$/

/** Where the escape of JSON begins that is cut in two at this place; the place itself if none is. */
export const escapeStart = (text: string, at: number): number => {
  if (backslashesBefore(text, at) % 2 === 1) return at - 1
  const cut = at > 1 ? cutUnicode.exec(text.slice(Math.max(0, at - 5), at)) : null
  if (!cut) return at
  const start = at - cut[0].length
  return backslashesBefore(text, start) % 2 === 0 ? start : at
}

/** Whether the span's last character may be the first half of an escaped quotation mark. */
const endsInBackslash = (text: string, end: number): boolean =>
  text.charCodeAt(end - 1) === backslash && backslashesBefore(text, end) % 2 === 1

/** Whether it takes the character after the span to say where the span ends. */
export const endsOpen = (text: string, end: number): boolean => end === text.length && endsInBackslash(text, end)

/** The spans in order, each with the whole of the escapes that it cuts, joined where they overlap. */
export const mergeSpans = (text: string, spans: readonly Span[]): readonly Span[] => {
  const whole = spans.map(({ start, end }) => ({
    start: escapeStart(text, start),
    end: text.charCodeAt(end) === quotationMark && endsInBackslash(text, end) ? end + 1 : end,
  }))
  if (whole.length === 1) return whole
  const merged: { start: number; end: number }[] = []
  for (const span of whole.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && span.start < last.end) last.end = Math.max(last.end, span.end)
    else merged.push(span)
  }
  return merged
}

/** The text up to `until` with the mask in place of each span. */
export const maskSpans = (text: string, spans: readonly Span[], until: number = text.length): string => {
  let shown = ''
  let from = 0
  for (const { start, end } of spans) {
    shown += text.slice(from, start) + mask
    from = end
  }
  return shown + text.slice(from, until)
}
