// What goes between Python and the scripts, by the names and fields of `treecore/views/scene/types.py`,
// `app/signals` and `treecore/views/inspector`, and what the canvas holds. For the type check alone; no script loads it.

// Node lists run over the rows of the forest; null is "not assigned".
type Values = (number | null)[];

// treecore/views/scene/types.py

interface SceneSubtrees {
  group: number[];
  parent: number[];
  first: number[];
  count: number[];
  ends: number[];
  right: number[];
  scored: number[];
  shown: number[];
  folds: boolean;
}

interface SceneBins {
  bars: number;
  start: number[];
  bar: number[];
  count: number[];
}

interface SceneSums {
  sum: number[];
  n: number[];
  bins: SceneBins;
  fill: Values;
  hue: Values | null;
  fill_sum: number[];
  fill_n: number[];
}

interface SceneForest {
  digest: string;
  forest: string;
  summary: string;
  id: string[];
  parent: number[];
  order: number[];
  row: number[];
  gap: number;
  leaves: number[];
  governs: Values;
  label: string[];
  observation: string[];
  text: (string | null)[];
  words: Record<string, string>;
  tokens: number[];
  reward: Values;
  share: Values;
  reward_decimals: number;
  subtrees: SceneSubtrees | null;
}

interface SceneAxis {
  kind: "steps" | "tokens";
  end: number;
  note: string;
}

interface SceneFill {
  kind: "diverging" | "granularity" | "both" | "sequential";
  title: string;
  low: number;
  high: number;
  spans: boolean;
  on: boolean;
  partial: boolean;
  values: Values;
  hue: Values | null;
}

interface SceneTable {
  outcomes: boolean;
  numbers: boolean;
  title: string;
  values: Values;
  low: number | null;
  limit: number;
  decimals: number;
}

interface SceneFormula {
  name: string;
  rows: Mark[];
  about: string[];
  nodes: number[][];
}

interface SceneBracket {
  rows: number[];
  text: string;
}

interface SceneStage {
  visible: number[] | null;
  highlight: number[];
  badges: Record<string, string>;
  lane: number[] | null;
  marked: number[];
  follow: boolean;
  formula: SceneFormula | null;
  brackets: SceneBracket[];
  bracket: number | null;
  moves: [number, number, string][];
  weights: Values | null;
}

interface SceneChange {
  fill: Values;
  share: Values;
  reward: Values;
  numbers: Values;
  pruned: number[];
  governs: Values;
  step: Values;
  badges: Record<string, string>;
}

interface SceneLook {
  x: number[];
  axis: SceneAxis;
  credit: Values;
  value: Values;
  fill: SceneFill;
  table: SceneTable;
  decimals: number;
  stage: SceneStage;
  prompts: number[];
  change: SceneChange | null;
  sums: SceneSums | null;
}

interface SceneReader {
  of: string;
  folds: string;
  find: string;
  heard: number;
}

interface SceneHead {
  script: string;
  style: string;
  forest: string;
  look: string;
  key: string;
  height: number;
  linked: boolean;
  listable: boolean;
  reader: SceneReader | null;
  sent: [string, number][];
}

// app/key_sheet

interface KeySheetData {
  title: string;
  groups: [string, [string, string][]][];
}

type GlossaryPlace = Range | HTMLElement;

interface GlossaryData {
  forms: Record<string, string>;
  means: Record<string, string>;
}

interface GlossaryPart {
  box: HTMLElement;
  abort: AbortController;
  data: GlossaryData;
  pattern: RegExp;
  places: Map<string, GlossaryPlace>;
  shown: string;
}

interface KeySheet {
  words: HTMLElement;
  stamp: string;
  abort: AbortController;
}

// app/signals/__init__.py

interface SelectionData {
  id: string | null;
  heard: number;
}

interface ChartMarksData {
  charts: string[];
  dark: boolean;
  waits_for: number;
}

interface ChosenEvent {
  number: number;
  id: string | null;
  of?: string;
  folds?: string;
  find?: string;
}

interface KeptFilesData {
  key: string;
  name: string;
  wanted: string;
  again: number;
  forget: string;
}

interface FoundEvent {
  number: number;
  key: string;
  name: string;
  bytes: number;
}

interface FilmData {
  frame: number;
  last: number;
  heard: number;
}

interface PressedEvent {
  number: number;
  frame?: number;
}

// app/method_list/__init__.py

interface MethodRow {
  name: string;
  title: string;
  question: string;
  lacks: string;
  supply: string;
  button: string;
}

interface MethodGroup {
  title: string;
  methods: MethodRow[];
}

interface MethodListData {
  groups: MethodGroup[];
  chosen: string;
  heard: number;
}

interface WishEvent {
  number: number;
  kind: string;
  name: string;
}

// treecore/views/inspector/cards.py

interface PieceData {
  text: string;
  differs?: boolean;
  part?: number;
}

interface StepPart {
  kind: string;
  text: string;
}

interface Card {
  id: string;
  label: PieceData[];
  note: string;
  number: string;
  sign: number | null;
  chosen: boolean;
  kinds: string[];
  place: string;
}

interface Words {
  node: string;
  eyebrow: string;
  path: Card[];
  title: string;
  parts: StepPart[];
  decides: string;
  heading: string;
  siblings: Card[];
  verdict: string;
}

// As a script takes it: beside the node, which clicks send back, the id that is shown.
interface NamedWords extends Words {
  id: string;
}

interface PanelData extends NamedWords {
  names: Record<string, string>;
  numbers: Omit<Inspection, "words">;
}

// app/resident

interface ResidentPart {
  run: (call: Component<any>) => (() => void) | void;
  style: string;
}

// app/browse

interface BrowsePiece {
  text: string;
  tone: string;
}

interface BrowseChip {
  name: string;
  text: string;
}

interface BrowseBars {
  name: string;
  title: string;
  edges: number[];
  all: number[];
  left: number[];
}

type BrowsePoint = [number, number | null, number];
type BrowsePair = [number, number, number, number, number, [number, number], [number, number][]];

interface BrowseLine {
  row: string;
  prompt: BrowsePiece[];
  hit: BrowsePiece[];
  times: string;
  parents: number[] | null;
  values: Values | null;
  right: number;
  of: number;
  answers: string;
  entropy: string;
  spread: number | null;
  signs: string;
  lint: string;
  training: [number, number][];
  step: number | null;
}

interface BrowsePage {
  curve: BrowsePoint[];
  pair: BrowsePair | null;
  bars: BrowseBars[];
  chips: BrowseChip[];
  count: string;
  lines: BrowseLine[];
  marks: string;
  shown: string;
  pages: number;
  empty: string;
  relax: BrowseChip | null;
}

interface TwoStepsAnswer {
  text: string;
  times: number;
  right: boolean;
}

interface TwoStepsCard {
  step: string;
  right: string;
  here: boolean;
  parents: number[] | null;
  values: Values | null;
  answers: TwoStepsAnswer[];
  more: string;
}

interface AskedEvent {
  number: number;
  said: Record<string, string>;
  open: boolean;
}

interface BrowseData extends BrowsePage {
  said: Record<string, string>;
  heard: number;
}

interface Browser {
  root: HTMLElement;
  parts: Record<"top" | "bars" | "chips" | "count" | "table" | "foot", HTMLElement>;
  input: HTMLInputElement;
  data: BrowseData;
  said: Record<string, string>;
  abort: AbortController;
  send: (name: string, value: unknown) => void;
  heard: number;
  last?: number;
  later?: number;
}

// app/compare

interface CompareHead {
  method: string;
  title: string;
  reach: string;
  scale: string;
  lacks: string;
  low: number;
  high: number;
  signed: boolean;
}

interface CompareRow {
  at: number;
  id: string;
  level: number;
  last: boolean;
  words: BrowsePiece[];
  note: string;
  answered: string;
  fork: number | null;
  outcome: string;
  right: boolean | null;
  values: Values;
  shown: string[];
  apart: boolean;
  entry: number;
}

interface ComparePanel {
  title: string;
  heads: CompareHead[];
  rows: CompareRow[];
  above: boolean[];
  total: number;
  links: number[];
}

interface CompareData {
  stamp: string;
  panels: ComparePanel[];
  limit: number | null;
  said: CompareSaid;
}

interface CompareSaid {
  node: string;
  method: string;
}

interface CompareChoice extends CompareSaid {
  seek: string;
  open: boolean;
}

interface CompareNumber {
  title: string;
  text: string;
  sign: number;
}

interface CompareItem {
  first: number;
  last: number;
  kind: string;
  title: string;
  beside: string;
  count: string;
  numbers: CompareNumber[];
  reason: string;
}

interface CompareBeside {
  on: string;
  items: CompareItem[];
  more: string;
  empty: string;
  methods: string[];
  agreement: Values[];
  families: string;
}

interface CompareListData extends CompareBeside {
  stamp: string;
  open: boolean;
  said: CompareSaid;
  heard: number;
}

interface CompareRail {
  level: number;
  step: number;
  lines: number[];
  last: boolean;
  above: boolean;
  below: boolean;
}

interface CompareDrawn {
  theme: Theme;
  panel: ComparePanel;
  rail: CompareRail;
  limit: number | null;
  method: string;
}

interface CompareSide {
  name: string;
  panel: ComparePanel;
  rails: CompareRail[];
  box: HTMLElement;
  scroll: HTMLElement;
  head: HTMLElement;
  body: HTMLElement;
}

interface CompareGrid {
  root: HTMLElement;
  tables: HTMLElement;
  status: HTMLElement;
  data: CompareData;
  sides: CompareSide[];
  said: CompareSaid;
  range: [number, number];
  abort: AbortController;
}

interface CompareList {
  root: HTMLElement;
  said: CompareSaid;
  first: number;
  stamp: string;
  abort: AbortController;
  send: (name: string, value: unknown) => void;
  heard: number;
  last?: number;
  later?: number;
}

// app/what_if

interface WhatIfChange {
  key: string;
  verb: string;
  words: string;
  effect: string;
}

interface WhatIfMoved {
  id: string;
  words: string;
  place: string;
  was: string;
  now: string;
  was_at: number | null;
  now_at: number | null;
}

interface WhatIfWhy {
  of: string;
  mean: [string, string] | null;
  deviation: [string, string] | null;
}

interface WhatIfBoard {
  title: string;
  changes: WhatIfChange[];
  summary: string;
  moved: WhatIfMoved[];
  more: string;
  why: WhatIfWhy[];
}

interface WhatIfData extends WhatIfBoard {
  part: string;
  heard: number;
}

interface WhatIfAsked {
  number: number;
  verb: string;
  node: string;
}

interface WhatIfPart extends Channel {
  root: HTMLElement;
  data: WhatIfData;
}

// app/grain

interface GrainDot {
  id: string;
  share: number;
  contrast: number | null;
}

interface GrainRow {
  title: string;
  count: string;
  means: string;
  median: number | null;
  mean: number | null;
  said: string;
  silent: string;
  dots: GrainDot[];
}

interface GrainSampler {
  name: string;
  count: string;
  low: number | null;
  middle: number | null;
  high: number | null;
  histogram: number[];
}

interface GrainLabel {
  every: number;
  labels: number;
  lost: number | null;
  merged: number;
}

interface GrainTwig {
  id: string;
  above: number;
  start: number;
  end: number;
  row: number;
  fork: boolean;
  right: boolean | null;
  leaf: boolean;
  tree: number;
}

interface GrainSaid {
  fork: string;
  from: number;
  to: number;
  every: number;
}

interface GrainData {
  unit: string;
  top: number;
  rows: GrainRow[];
  note: string;
  samplers: GrainSampler[];
  labels: GrainLabel[];
  forks: number;
  children: number;
  lost: number | null;
  twigs: GrainTwig[];
  said: GrainSaid;
  stamp: string;
}

interface GrainPicture {
  root: HTMLElement;
  parts: Record<"forks" | "samplers" | "route", HTMLElement>;
  data: GrainData;
  said: GrainSaid;
  width: number;
  stamp: string;
  abort: AbortController;
}

interface GrainRoutesData {
  unit: string;
  labels: GrainLabel[];
  children: number;
  lost: number | null;
  why: string;
  said: GrainSaid;
  heard: number;
}

interface GrainRoutes {
  root: HTMLElement;
  data: GrainRoutesData;
  said: GrainSaid;
  abort: AbortController;
  send: (name: string, value: unknown) => void;
  heard: number;
  last?: number;
  later?: number;
}

// What Streamlit calls a component with.

// app/tokens/reading.py and app/tokens/small_tree.py

type TokenStrip = "surprise" | "entropy" | "confidence";

interface TokenChoice {
  text: string;
  share: number | null;
  percent: string;
  drawn: boolean;
  here: boolean;
  outcome: string;
  right: boolean | null;
  end: string;
}

interface TokenItem {
  at: number;
  text: string;
  weight: number | null;
  surprise: number | null;
  entropy: number | null;
  confidence: number | null;
  words: Record<"probability" | "surprise" | "entropy" | "confidence" | "weight", string>;
  unsure: string;
  context: string;
  choices: TokenChoice[];
  rest: string;
  forked: boolean;
}

interface TokenLine {
  id: string;
  credit: number | null;
  number: string;
  call: boolean;
  fork: boolean;
  items: TokenItem[];
  answer: string;
  count: string;
  outcome: string;
  right: boolean | null;
}

interface TokenDot {
  x: number;
  y: number;
  above: number;
  credit: number | null;
  leaf: boolean;
  right: boolean | null;
  on: boolean;
  end: string;
  prompt: boolean;
}

interface TokensData {
  stamp: string;
  lines: TokenLine[];
  first: number;
  total: number;
  where: string;
  before: string;
  after: string;
  end: string;
  unit: string;
  note: string;
  low: number;
  high: number;
  signed: boolean;
  tree: { dots: TokenDot[]; columns: number; rows: number; note: string };
  strips: TokenStrip[];
  most: Record<TokenStrip, number>;
  at: number;
  heard: number;
}

interface TokenReader extends Channel {
  root: HTMLElement;
  text: HTMLElement;
  panel: HTMLElement;
  place: HTMLElement;
  data: TokensData;
  tokens: Map<number, HTMLElement>;
  at: number;
  stamp: string;
  later?: number;
}

// app/table

interface StepsTableHead {
  name: string;
  title: string;
  about: string;
}

interface StepsTableRow {
  id: string;
  place: string;
  step: BrowsePiece[];
  beneath: BrowsePiece[];
  depth: string;
  siblings: string;
  right: string;
  value: string;
  credit: string;
  bar: number | null;
  was: string | null;
  pruned: boolean;
  tokens: string;
}

interface StepsTableCopied {
  number: number;
  text: string;
  refused: string;
}

interface StepsTablePage {
  heads: StepsTableHead[];
  rows: StepsTableRow[];
  sort: string;
  page: number;
  pages: number;
  count: string;
  find: string;
  signed: boolean;
  empty: string;
  follows: boolean;
}

interface StepsTableData extends StepsTablePage {
  node: string;
  copied: StepsTableCopied | null;
  heard: number;
}

interface StepsTable extends Channel {
  root: HTMLElement;
  input: HTMLInputElement;
  body: HTMLElement;
  count: HTMLElement;
  turns: HTMLElement;
  said: HTMLElement;
  copy: HTMLButtonElement;
  data: StepsTableData;
  stamp: string;
  told?: string | null;
  later?: number;
  walking?: number;
  saying?: number;
  take?: (text: string) => void;
}

interface Component<Data> {
  data: Data;
  parentElement: HTMLElement;
  setTriggerValue: (name: string, value: unknown) => void;
}


// What carries a selection: the page, or an object of its own for a part of one.
interface Bus extends EventTarget {
  selected?: string | null;
}

interface CanvasHead {
  style: string;
  forest: string;
  look: string;
  key: string;
  height: number;
  linked: boolean;
  listable: boolean;
  reader?: SceneReader | null;
}

interface CanvasCall {
  head: CanvasHead;
  text: (stamp: string) => string;
  host: HTMLElement;
  bus?: Bus;
}

// treecore/views/inspector/inspection.py

// Text, or an element of MathML: name, attributes where it has any, children.
type Mark = string | [string, ...(Mark | Record<string, string>)[]];

interface Inspection {
  words: NamedWords;
  credit: string;
  silence: string;
  about: string;
  equations: Mark[][];
  claim: string;
  disputed: boolean;
  trust: string[];
  hint: string;
  source: string;
}

// treecore/views/page.py

interface PageForest {
  title: string;
  note: string;
}

interface PageIndex {
  title: string;
  method: string;
  names: Record<string, string>;
  note: string;
  forests: PageForest[];
}

interface PageShot {
  stage: string;
  sentence: string;
  numbers: [string, string][];
  name: string;
  equation: Mark[];
  look: Partial<SceneLook>;
}

interface Parts {
  canvas: { run: (sent: CanvasCall) => void; leave: (host: HTMLElement) => void };
  panel: (component: { data: PanelData; parentElement: HTMLElement; setTriggerValue: (name: string, value: unknown) => void }) => void;
  styles: { canvas: string; page: string };
}

// What anywidget hands to a widget.
interface WidgetModel {
  get: (name: string) => unknown;
  set: (name: string, value: unknown) => void;
  on: (event: string, act: () => void) => void;
  off: (event: string, act: () => void) => void;
  save_changes: () => void;
}

// Where a board takes what it shows; the page has it all, a notebook asks for it.
interface Source {
  index: PageIndex;
  forest: (number: number) => string;
  look: (number: number) => string;
  inspect: (number: number, id: string) => Inspection | undefined;
  film: (number: number) => PageShot[];
  chosen: (number: number, id: string | null) => void;
}

interface Board {
  parts: Parts;
  source: Source;
  host: HTMLElement;
  bus: Bus;
  number: number;
  look: Partial<SceneLook> | null;
  shots: PageShot[];
  shot: number;
  timer: number;
  at: Record<"chooser" | "tree" | "side" | "words" | "film", HTMLElement>;
}

// What the canvas holds.

type Forest = Omit<SceneForest, "text"> & { text: string[] };
type Scene = Forest & SceneLook & { folded?: Folded[] };
type Rgb = number[];
type Run = [string, boolean];

interface Fold {
  group: number;
  above: number;
  rest: number[];
}

interface Folded {
  group: number;
  rest: number[];
  count: number;
  ends: number;
  right: number;
  scored: number;
  n: number;
  mean: number | null;
  colour: number | null;
  bins: number[];
  hits: number;
}

interface Shape {
  n: number;
  children: number[][];
  depth: Int32Array;
  tree: Int32Array;
  roots: number[];
  rowOf: Map<string, number>;
  deepest: number;
}

interface Telling {
  words: string[];
  differs: boolean[];
  leaves: number;
  alone: boolean;
}

interface Repeat {
  what: string;
  place: string;
}

interface Told {
  families: Map<string, Map<string, Telling>>;
  telling: Map<number, Telling>;
  repeat: Map<number, Repeat | null>;
}

interface Measured {
  font: string;
  widths: Map<string, number>;
  said: string;
  runs: Run[];
  whole: number[];
  bare: number[];
  width: number;
}

interface View {
  zx: number;
  ky: number;
  ox: number;
  oy: number;
}

interface Point {
  x: number;
  y: number;
}

interface Corners {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  family?: number;
  line?: boolean;
}

interface Room {
  bands: Map<number, Box[]>;
  lines: Map<number, Box>;
}

interface Place {
  x: number;
  room: number;
  base: number;
  left?: boolean;
  down?: boolean;
  stem?: number;
}

interface Called {
  lines: Run[][];
  place: Place;
  said: string;
  box: Box;
  stem: Box | null;
  way: Run[];
}

interface Apart {
  way: Run[];
  at: number;
  crossing: boolean;
}

interface Theme extends Record<"background" | "ink" | "muted" | "hairline" | "panel" | "edge" | "accent" | "fill" | "on_fill", string> {
  positive: Rgb;
  zero: Rgb;
  negative: Rgb;
  strong: Rgb;
  pale: Rgb;
  coarse: Rgb;
  fine: Rgb;
  neutral: Rgb;
  low: Rgb;
  high: Rgb;
  plain: Rgb;
  dark: boolean;
  sans: string;
  mono: string;
  projected: boolean;
}

interface Drawn {
  ax: Float32Array;
  ay: Float32Array;
  alpha: Float32Array;
  rgb: Float32Array;
}

interface Motion<Values> {
  from: Values;
  to: Values;
  start?: number;
}

interface Frame {
  root: HTMLElement;
  area: HTMLElement;
  canvas: HTMLCanvasElement;
  map: HTMLCanvasElement;
  list: HTMLElement;
  card: HTMLElement;
  item: HTMLElement;
  tooltip: HTMLElement;
  live: HTMLElement;
  search: HTMLElement;
  input: HTMLInputElement;
  found: HTMLElement;
  offer: HTMLButtonElement;
  legend: HTMLElement;
  tools: HTMLElement;
}

// One mounted canvas.
interface GroupLine {
  label: string;
  ends: string;
  share: number | null;
  split: string;
  mean: string;
}

interface GroupFacts extends GroupLine {
  rest: boolean;
  steps: string;
  wrong: string;
  title: string;
  scale: string[];
  bins: { count: number; colour: string }[];
  ways: GroupLine[];
  more: number;
  opens: boolean;
}

interface DrawerData {
  asked: boolean;
}

interface Drawer {
  root: HTMLElement;
  words: HTMLElement;
  button: HTMLButtonElement;
  abort: AbortController;
  watch: ResizeObserver;
  open: boolean;
  asked: boolean;
}

interface MapPlaces {
  start: Int32Array;
  end: Int32Array;
  depth: Int32Array;
  deepest: number;
  ending: Int32Array;
}

interface MapPicture {
  full: Scene;
  width: number;
  lines: number;
  dark: boolean;
  columns: number;
  places: MapPlaces;
  image: HTMLCanvasElement;
  chosen: { selected: number; drawn: Int32Array | null; rows: number[] } | null;
  hits: { all: number[]; lines: number[] } | null;
}

interface App extends Drawn {
  dom: Frame;
  bus: Bus;
  context: CanvasRenderingContext2D;
  abort: AbortController;
  resize: ResizeObserver;
  key: string;
  linked: boolean;
  listable: boolean;
  listed?: { shape: Shape; end: number; selected: number; stamp: string };
  tallest: number;
  theme: Theme;
  scene: Scene;
  shape: Shape;
  forest: Forest;
  forestStamp: string;
  lookStamp: string;
  widths: Map<string, number>;
  written: Map<number, string>;
  landmarks: { of: { laidOut: number[]; plot: number; zx: number; ky: number } | null; radius: Map<number, number>; apart: Map<number, Apart | null> };
  width: number;
  height: number;
  ratio: number;
  cover: number;
  view: View;
  touched: boolean;
  whole: boolean;
  collapsed: Set<number>;
  highlight: Set<number>;
  selected: number;
  hover: number;
  point?: Point;
  path: number[];
  pathSet: Set<number>;
  found: { words: string; all: number[]; stops: number[]; lit: Set<number> };
  full: Scene;
  drawn: Int32Array | null;
  onShow: Set<number>;
  before: Set<number>[];
  isFolded: boolean;
  /** Steps from the root up to which a key opened; 0 for a forest as it opens by itself. */
  depth: number;
  /** What the page knows of folds and of words that are looked for. */
  reader: SceneReader | null;
  sayFound: () => void;
  typing?: number;
  foldButton: HTMLButtonElement;
  goToHit: (step: number) => void;
  renamed?: number;
  resting?: number;
  frame: number;
  motion: Motion<Drawn> | null;
  viewMotion: Motion<View> | null;
  travel: { moves: [number, number, string][]; t: number; start?: number } | null;
  boxes: Box[];
  cardAt: { stamp: string; x: number; y: number; width: number; height: number } | null;
  lane: number;
  formulaStamp: string;
  shown: Uint8Array;
  branches: Int32Array;
  blank: Uint8Array;
  row: Float32Array;
  top: Float32Array;
  bottom: Float32Array;
  after: Int32Array;
  ends: number[];
  rows: number;
  laidOut: number[];
  order: number[];
  side: number;
  left: number;
  plot: number;
  room: number;
  columns: { outcome: number; was: number; number: number; bar: number; reach: number };
}

// app/lessons

interface LessonPiece {
  text: string;
  term?: string;
  drag?: boolean;
}

interface LessonWords {
  text: string;
  tone: string;
}

interface LessonStep {
  parent: number;
  tree: number;
  level: number;
  line: number;
  words: LessonWords[];
  answered: string;
  more: string;
  mark: number;
  leaf: boolean;
  outcome: string;
  right: boolean | null;
}

interface LessonTree {
  title: string;
  ends: string;
  folds: boolean;
}

interface LessonChoice {
  digit: number;
  words: LessonWords[];
  answered: string;
}

interface LessonScale {
  heading: string;
  measure: string;
  low: number;
  ends: string[];
  mark: string;
  choices: LessonChoice[];
}

interface LessonLine {
  name: string;
  kind: string;
  values: Values;
  shown: string[];
  low: number;
  limit: number;
}

interface LessonReveal {
  title: string;
  points: number | null;
  truth: string;
  interval: string;
  you: string;
  sign: number;
  right: number;
  of: string;
  answer: LessonPiece[];
  said: LessonPiece[][];
  why_title: string;
  why: LessonPiece[][];
  doubt: LessonPiece[][];
  lines: LessonLine[];
  curve: number[];
  figures: string[];
  colours: Values;
  drag: number[];
  at: number;
}

interface LessonCited {
  text: string;
  link: string;
}

interface LessonTry {
  ask: LessonPiece[];
  given: string;
  verdict: string;
  say: LessonPiece[];
  take: LessonPiece[];
  sources: LessonCited[];
  explore: string;
}

interface LessonNext {
  name: string;
  title: string;
}

interface LessonUnit {
  kind: "unit";
  name: string;
  number: number;
  title: string;
  note: string;
  prompt: string;
  expected: string;
  stage: string;
  ask: LessonPiece[];
  scale: LessonScale;
  steps: LessonStep[];
  trees: LessonTree[];
  mark: number;
  bet: number;
  present: boolean;
  reveal: LessonReveal | null;
  attempt: LessonTry | null;
  follows: LessonNext;
}

interface LessonDot {
  x: number;
  y: number;
  parent: number;
  right: boolean | null;
}

interface LessonCard {
  name: string;
  number: number;
  title: string;
  question: string;
  minutes: number;
  dots: LessonDot[];
}

interface LessonChapter {
  title: string;
  note: string;
  cards: LessonCard[];
}

interface LessonCourse {
  kind: "course";
  title: string;
  note: string;
  chapters: LessonChapter[];
  words: Record<string, string>;
  shown: string[];
  present: boolean;
}

interface LessonData {
  page: LessonUnit | LessonCourse;
  stamp: string;
  heard: number;
}

// What this browser remembers of a unit.
interface LessonDone {
  points: number | null;
  found: boolean;
  bet: number;
  truth: number;
  colours: Values;
}

interface LessonSaid {
  mark: number;
  bet: number;
}

interface LessonDrag {
  values: number[];
  at: number;
  shows: (() => void)[];
}

interface LessonAcross {
  deep: number;
  left: number;
  right: number;
  column: number;
  bend: number;
  width: number;
  slim: boolean;
  scrolls: boolean;
  most: number;
}

interface LessonPlaces extends LessonAcross {
  x: number[];
  y: number[];
  pitch: number;
  folded: boolean[];
  tops: number[];
  below: number;
  height: number;
  outcomes: number;
}

interface LessonColumns {
  x: number[];
  width: number;
  from: number;
  stacked: boolean;
}

interface LessonInk {
  ink: SVGElement;
  said: LessonSaid;
  theme: Theme;
  among: boolean;
  colour: number | null;
}

interface LessonBook {
  page: LessonUnit;
  said: LessonSaid;
  drag: LessonDrag | undefined;
  root: HTMLElement;
  written: (hundredths: number) => string;
  mark: (digit: number) => void;
  moved: () => void;
  commit: () => void;
  skip: () => void;
  next: () => void;
  course: () => void;
  answer: (text: string) => void;
}

interface LessonDesk {
  page: LessonCourse;
  root: HTMLElement;
  at: number;
  open: (name: string) => void;
  turn: (name: string) => void;
  present: () => void;
  redraw: () => void;
}

interface LessonChannel extends Channel {
  root: HTMLElement;
  stamp: string;
  dark: boolean;
  betOn: string;
  book?: LessonBook;
  desk?: LessonDesk;
}

interface Channel {
  abort: AbortController;
  send: (name: string, value: unknown) => void;
  heard: number;
  last?: number;
}

interface MethodList extends Channel {
  root: HTMLElement;
  input: HTMLInputElement;
  count: HTMLElement;
  body: HTMLElement;
  none: HTMLElement;
  chosen: string;
  text: string;
}

interface KeptEntry {
  key: string;
  name: string;
  files: { name: string; blob: Blob }[];
  bytes: number;
  at: number;
}

interface Film extends Channel {
  frame: number;
  end: number;
  /** Asked by a key and not yet shown. */
  asked?: number;
  tabbed?: boolean;
}

interface HTMLCanvasElement {
  treecore?: unknown;
}

declare var treecoreDrawer: { foot: number; covered: number } | undefined;
declare var treecoreDrawn: number | undefined;
declare var treecoreGroup: GroupFacts | null | undefined;
declare var treecoreChanges: boolean | undefined;
declare var treecoreResident: Map<string, ResidentPart["run"]> | undefined;
declare var treecoreEarly: string | null | undefined;
declare var treecoreSelected: string | null | undefined;
declare var treecoreCompared: CompareSaid | undefined;
declare var treecoreNumber: number | undefined;
declare var treecoreReader: { of: string; folds: string; find: string } | null | undefined;
declare var treecoreSelectedNone: boolean | undefined;

// Keys are pressed on elements.
interface KeyboardEvent {
  composedPath(): Element[];
}

interface DocumentEventMap {
  "treecore-change": CustomEvent<{ verb: string; node: string | null }>;
  "treecore-choose": CustomEvent<string | null>;
  "treecore-selected": CustomEvent<string | null>;
  "treecore-compare": CustomEvent<CompareChoice>;
  "treecore-compared": CustomEvent<CompareSaid>;
  "treecore-grain": CustomEvent<GrainSaid>;
  "treecore-grained": CustomEvent<GrainSaid>;
  "treecore-range": CustomEvent<[number, number]>;
}
