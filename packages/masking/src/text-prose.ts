/** Words that sentences about a secret hold, and values hardly ever. */
const telling =
  / (?:too|is|are|was|not|no|must|be|been|has|have|had|does|did|cannot|should|could|of|for|from|in|at|to|the|by|or|and|found|required|missing|expired|failed|denied|invalid|incorrect|wrong|short|long)(?= |$)/

const sentence = /[a-z]{2,20}(?: [a-z]{1,20}){1,11}(?=[.!,;]?(?:$|[\r\n"')]))/y
/** The same after the name of a secret, as `prod/db not found`. */
const sentenceOnName = /[a-z][a-z-]{0,40}(?:\/[a-z-]{1,40}){1,8}(?: [a-z]{1,20}){1,11}(?=[.!,;]?(?:$|[\r\n"')]))/y

/** Whether a few words of plain prose stand here in place of a value: `password: too short`. */
export const isProse = (text: string, at: number, key: string): boolean => {
  // Their values are words.
  if (/phrase|mnemonic|seed/i.test(key)) return false
  for (const form of key.toLowerCase() === 'secret' ? [sentence, sentenceOnName] : [sentence]) {
    form.lastIndex = at
    const found = form.exec(text)?.[0]
    if (found !== undefined && telling.test(` ${found}`)) return true
  }
  return false
}
