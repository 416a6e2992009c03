import type { RequestContext } from '../request.ts'

/** Whether one value of a request is what one value of a policy asks for. */
export type ValueTest = (given: string, context: RequestContext) => boolean

/** One way to compare values. */
export interface Comparison {
  /** What a policy's value has to be: `a number`. */
  readonly expects: string
  /** A test for a policy's value; `undefined` where the value is not what is expected. */
  readonly compile: (value: string, variables: boolean) => ValueTest | undefined
}
