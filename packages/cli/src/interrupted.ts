/** The person at the keyboard pressed Ctrl-C: the command ends as by SIGINT, and nothing needs to be said. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}
