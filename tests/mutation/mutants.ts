// What can be changed in a source: each site of its syntax tree, with the texts that may stand there instead.
import {
  type BinaryExpression,
  type CallExpression,
  type Node,
  type SourceFile,
  SyntaxKind,
} from "typescript/unstable/ast";
import {
  isArrayLiteralExpression,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isExportDeclaration,
  isExpressionStatement,
  isIfStatement,
  isImportDeclaration,
  isLiteralTypeNode,
  isNumericLiteral,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isRegularExpressionLiteral,
  isStringLiteral,
  isTypeNode,
} from "typescript/unstable/ast/is";

/** A piece of the text that a mutation replaces, and what it may put there. */
export interface Site {
  readonly start: number;
  readonly end: number;
  readonly replacements: readonly string[];
}

/** Every site of a source, in the order of the text. Pure. */
export function sitesOf(source: SourceFile): Site[] {
  const sites: Site[] = [];
  const visit = (node: Node): void => {
    // Types do not run, and a module's name is no behaviour.
    if (isTypeNode(node) || isImportDeclaration(node) || isExportDeclaration(node)) return;
    const add = (at: Node, replacements: readonly string[]): void => {
      if (replacements.length > 0) sites.push({ start: at.getStart(source), end: at.end, replacements });
    };
    mutate(node, (part) => part.getText(source), add);
    node.forEachChild(visit);
  };
  visit(source);
  return sites.sort((a, b) => a.start - b.start || a.end - b.end);
}

type Add = (at: Node, replacements: readonly string[]) => void;
type TextOf = (node: Node) => string;

function mutate(node: Node, text: TextOf, add: Add): void {
  if (isBinaryExpression(node)) return binary(node, text, add);
  if (isCallExpression(node)) return call(node, text, add);
  if (isConditionalExpression(node)) return add(node, [`(${text(node.whenTrue)})`, `(${text(node.whenFalse)})`]);
  if (isIfStatement(node)) return add(node.expression, ["true", "false"]);
  if (isExpressionStatement(node) || node.kind === SyntaxKind.ContinueStatement) return add(node, [";"]);
  if (isPrefixUnaryExpression(node)) {
    return node.operator === SyntaxKind.ExclamationToken || node.operator === SyntaxKind.MinusToken
      ? add(node, [`(${text(node.operand)})`])
      : undefined;
  }
  if (node.kind === SyntaxKind.TrueKeyword || node.kind === SyntaxKind.FalseKeyword)
    return add(node, [node.kind === SyntaxKind.TrueKeyword ? "false" : "true"]);
  if (isNumericLiteral(node)) return add(node, numbers(Number(text(node).replaceAll("_", ""))));
  if (isStringLiteral(node)) return isNameOf(node) ? undefined : add(node, strings(node.text));
  if (isRegularExpressionLiteral(node)) return add(node, patterns(text(node)));
  if (isArrayLiteralExpression(node) && node.elements.length > 0) return add(node, ["[]"]);
}

/** The neighbour at the boundary, and the opposite. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "+=": ["-=", "="],
  "-=": ["+=", "="],
};

function binary(node: BinaryExpression, text: TextOf, add: Add): void {
  const operator = text(node.operatorToken);
  const [left, right] = [text(node.left), text(node.right)];
  if (operator === "&&" || operator === "||")
    return add(node, [`((${left}) ${operator === "&&" ? "||" : "&&"} (${right}))`, `(${left})`, `(${right})`]);
  if (operator === "??") return add(node, [`(${left})`, `(${right})`]);
  add(node.operatorToken, OPERATORS[operator] ?? []);
}

const METHODS: Readonly<Record<string, string>> = {
  some: "every",
  every: "some",
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
  round: "floor",
  startsWith: "endsWith",
  endsWith: "startsWith",
  find: "findLast",
};
const DROPPED = /^(?:filter|slice|subarray|trim|trimEnd|trimStart|sort|toSorted|reverse|toReversed|toLowerCase)$/;

function call(node: CallExpression, text: TextOf, add: Add): void {
  const callee = node.expression;
  if (!isPropertyAccessExpression(callee)) return;
  const name = text(callee.name);
  const other = METHODS[name];
  if (other !== undefined) add(callee.name, [other]);
  if (DROPPED.test(name)) add(node, [text(callee.expression)]);
}

/** Small ones by one, because they are counts and limits of lists; large ones by a factor, because one more byte is no other behaviour. */
function numbers(value: number): string[] {
  if (!Number.isFinite(value)) return [];
  return (value > 10 ? [value * 2, Math.floor(value / 2)] : [value + 1, ...(value > 0 ? [value - 1] : [])]).map(String);
}

/** Words that stand for something. A text with a blank is prose, which golden files hold. */
function strings(value: string): string[] {
  if (value.includes(" ")) return [];
  return [value === "" ? '"mutated"' : '""'];
}

function patterns(regex: string): string[] {
  const end = regex.lastIndexOf("/");
  const [body, flags] = [regex.slice(1, end), regex.slice(end + 1)];
  return [
    ...(body.startsWith("^") ? [`/${body.slice(1)}/${flags}`] : []),
    ...(body.endsWith("$") && !body.endsWith("\\$") ? [`/${body.slice(0, -1)}/${flags}`] : []),
  ].filter((mutated) => !mutated.startsWith("//"));
}

/** The name of a property, or of a type. */
function isNameOf(node: Node): boolean {
  return (isPropertyAssignment(node.parent) && node.parent.name === node) || isLiteralTypeNode(node.parent);
}
