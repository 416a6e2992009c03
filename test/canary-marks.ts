/** A text that stands nowhere by chance, and every form in which it might be written somewhere. */
export interface Mark {
  readonly text: string
  readonly forms: readonly string[]
}

/** Base64 as it reads within a longer text, wherever the text begins; the ends depend on what stands beside it. */
const base64Forms = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
    const whole = Math.floor(bytes.length / 3) * 3
    return bytes
      .subarray(0, whole)
      .toString('base64')
      .slice(before === 0 ? 0 : 4)
  })

const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_')
const json = (text: string): string => JSON.stringify(text).slice(1, -1)

/** What is to be nowhere, such as a token that somebody else made. */
export const markFor = (text: string): Mark => {
  const hex = Buffer.from(text).toString('hex')
  const forms = [
    text,
    ...base64Forms(text),
    hex,
    hex.toUpperCase(),
    encodeURIComponent(text),
    new URLSearchParams({ '': text }).toString().slice(1),
    json(text),
    json(json(text)),
  ]
  return { text, forms: [...new Set(forms.flatMap((form) => [form, urlSafe(form)]))] }
}

/** A mark of its own for each use, so that a finding tells where it came from. */
export const markOf = (name: string): Mark => {
  // Every kind of character that some encoding changes; and its plain part, in case that an encoding is not among these.
  const whole = markFor(`CANARY/${name}+7f3a "9c51" é&ü=%`)
  return { ...whole, forms: [...new Set([...whole.forms, ...markFor(`CANARY/${name}`).forms])] }
}

/** Which marks stand in a text or in bytes, with the place that was searched. */
export const findMarks = (marks: readonly Mark[], where: string, content: Buffer | string): string[] => {
  const bytes = Buffer.from(content)
  return marks.flatMap(({ forms }) =>
    forms.filter((form) => bytes.includes(form)).map((form) => `${where} holds ${form}`),
  )
}
