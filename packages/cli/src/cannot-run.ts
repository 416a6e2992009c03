/** The program that `run` was given does not start. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun'
  readonly code: 'no_such_command' | 'not_executable'

  constructor(message: string, code: CannotRun['code']) {
    super(message)
    this.code = code
  }
}
