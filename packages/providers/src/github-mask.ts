/** As the runner wants the data of a workflow command. @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

/** Brackets and the like, of which every log is full, would be masked everywhere. */
const shortestOfMany = 4

/**
 * The commands by which a runner masks a value in its log: one a line, since it searches the log line by line. Of a value of
 * several lines those with less than four characters are left out. Empty where there is nothing to mask.
 */
export const maskCommands = (value: string): string => {
  const lines = value.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '')
  const told = lines.length > 1 ? lines.filter((line) => line.trim().length >= shortestOfMany) : lines
  return told.map((line) => `::add-mask::${escaped(line)}\n`).join('')
}
