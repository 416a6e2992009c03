/** Where a local function's code is, and how it is run. */
export interface LocalFunction {
  /** As in its ARN: letters, digits, `-` and `_`, at most 64. */
  readonly name: string
  readonly runtime: FunctionRuntime
  /** `file.function`, the file without its extension. */
  readonly handler: string
  /** The folder with its code, which is its working directory. */
  readonly folder: string
  /** Beside what the host gives every function. */
  readonly environment: Readonly<Record<string, string>>
  /** How long a call may take. Default of the file: 30,000. */
  readonly timeoutMs: number
}

/** `node` of the host; `python3` of the PATH. */
export const functionRuntimes = ['nodejs', 'python'] as const
export type FunctionRuntime = (typeof functionRuntimes)[number]

/** What a call of a function came to. */
export interface InvocationResult {
  /** JSON, as the function gave it; a description of the error where it failed. */
  readonly payload: string
  /** Absent where the function answered. Managed runtimes of Lambda say `Unhandled` of what a handler throws, too. */
  readonly functionError?: 'Unhandled'
}
