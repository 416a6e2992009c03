import { nearest } from '@keyplane/core'
import * as z from 'zod'

/** What a word that is none of the known ones may have meant, to stand behind what is told of it. */
export const perhaps = (word: string, known: Iterable<string>): string => {
  const meant = nearest(word, [...known])
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

/** An object with these keys and no other. Of several unknown ones each has a line of the message, in their order. */
export const withKeys = <Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      return issue.keys.map((key) => `is not an option${perhaps(key, Object.keys(shape))}`).join('\n')
    },
  })
