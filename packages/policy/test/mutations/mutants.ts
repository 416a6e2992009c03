import ts from 'typescript'

/** One small change of a source file that makes it wrong, unless it changes nothing that anybody can see. */
export interface Mutant {
  /** Below `src/`. */
  readonly file: string
  /** What is changed, where: the line's text, what it was there and what it is instead. */
  readonly name: string
  /** The whole file as changed. */
  readonly text: string
}

interface Edit {
  readonly from: number
  readonly to: number
  readonly instead: string
}

/** Words that stand in each other's place without a complaint of the types. */
const kin: readonly (readonly string[])[] = [
  ['none', 'account', 'role', 'direct'],
  ['identity', 'resource', 'boundary', 'session', 'grant', 'root-user', 'identity-and-resource'],
  ['user', 'role-session', 'root', 'service', 'federated'],
  ['key', 'trust'],
  ['Allow', 'Deny'],
  ['explicit', 'implicit'],
  ['text', 'any', 'one', 'variable'],
  ['ForAllValues', 'ForAnyValue'],
]

/** All mutants of a file, in the order of their places. */
export const mutantsOf = (file: string, source: string): readonly Mutant[] => {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true)
  const edits: Edit[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return
    edits.push(...editsOf(node))
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return edits
    .filter(({ from, to, instead }) => source.slice(from, to) !== instead)
    .sort((one, other) => one.from - other.from)
    .map((edit) => ({ file, name: nameOf(file, source, edit), text: applied(source, edit) }))
}

const applied = (source: string, { from, to, instead }: Edit): string =>
  source.slice(0, from) + instead + source.slice(to)

const nameOf = (file: string, source: string, { from, to, instead }: Edit): string => {
  const begin = source.lastIndexOf('\n', from - 1) + 1
  const end = source.indexOf('\n', to)
  const line = `${source.slice(begin, from)}«${source.slice(from, to)} → ${instead}»${source.slice(to, end)}`
  return `${file}: ${line.replaceAll(/\s+/g, ' ').trim()}`
}

const editsOf = (node: ts.Node): readonly Edit[] => {
  if (ts.isIfStatement(node)) return conditionEdits(node.expression)
  if (ts.isWhileStatement(node)) return [replaced(node.expression, 'false')]
  if (ts.isForStatement(node) && node.condition !== undefined) return [replaced(node.condition, 'false')]
  if (ts.isConditionalExpression(node))
    return [...conditionEdits(node.condition), replaced(node, of(node.whenTrue)), replaced(node, of(node.whenFalse))]
  if (ts.isBinaryExpression(node)) return binaryEdits(node)
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return [replaced(node, of(node.operand))]
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [replaced(node, 'false')]
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [replaced(node, 'true')]
  if (ts.isNumericLiteral(node)) return [replaced(node, `${Number(node.text) + 1}`)]
  if (ts.isStringLiteral(node)) return kindred(node.text).map((word) => replaced(node, `'${word}'`))
  if (ts.isPropertyAccessExpression(node)) return accessEdits(node)
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((_, at) => replaced(node, withoutOne(node, at)))
  if (ts.isExpressionStatement(node)) return [replaced(node, ';')]
  if (ts.isContinueStatement(node)) return [replaced(node, ';')]
  return []
}

const of = (node: ts.Node): string => node.getText()

const replaced = (node: ts.Node, instead: string): Edit => ({ from: node.getStart(), to: node.getEnd(), instead })

const conditionEdits = (condition: ts.Expression): readonly Edit[] => [
  replaced(condition, `!(${of(condition)})`),
  replaced(condition, 'true'),
  replaced(condition, 'false'),
]

/** Operators and those that take their place. */
const operators: Readonly<Record<string, readonly string[]>> = {
  '&&': ['||'],
  '||': ['&&'],
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '+=': ['-='],
  '||=': ['&&='],
}

const binaryEdits = (node: ts.BinaryExpression): readonly Edit[] => {
  const operator = of(node.operatorToken)
  const swapped = (operators[operator] ?? []).map((instead) => replaced(node.operatorToken, instead))
  const drops = operator === '&&' || operator === '||' || operator === '??'
  return drops ? [...swapped, replaced(node, of(node.left)), replaced(node, of(node.right))] : swapped
}

const kindred = (word: string): readonly string[] => {
  const words = kin.filter((group) => group.includes(word)).flat()
  return [...new Set(words)].filter((other) => other !== word)
}

const methods: Readonly<Record<string, string>> = { some: 'every', every: 'some' }

/** The decisions and answers that a type of policy chooses, and the methods that ask all or any. */
const accessEdits = (node: ts.PropertyAccessExpression): readonly Edit[] => {
  const word = of(node.name)
  const method = methods[word]
  if (method !== undefined) return [replaced(node.name, method)]
  if (!['allowed', 'implicit', 'explicit'].includes(of(node.expression))) return []
  return kindred(word).map((other) => replaced(node, `${of(node.expression)}['${other}']`))
}

const withoutOne = (list: ts.ArrayLiteralExpression, without: number): string =>
  `[${list.elements
    .filter((_, at) => at !== without)
    .map(of)
    .join(', ')}]`
