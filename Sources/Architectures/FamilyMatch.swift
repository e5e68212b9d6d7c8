import Tensors

/// An attempt to read a checkpoint as one family with one prefix: which tensors fit which rules,
/// what the shapes say of the hyper-parameters, and everything that speaks against it.
struct FamilyMatch {
  let family: Family
  let prefix: String
  private(set) var parameters: [String: Int]
  private(set) var options: [String: String] = [:]
  private(set) var tensors: [Role: RecognisedTensor] = [:]
  private(set) var drops: [SourceKey: DropRule] = [:]
  private(set) var contradictions: [Contradiction] = []
  /// The first tensor of each rule that is not there.
  private(set) var missing: [String] = []
  private(set) var missingCount = 0
  /// How many tensors speak against what the family assumes of them, such as a square grid.
  private(set) var refutedCount = 0
  /// The part that the checkpoint has after the encoder, when it has a description of its own.
  private(set) var component: Family?
  private var fits: [Fit] = []
  private let known: [String: Int]

  struct Contradiction {
    let tensor: String
    let reason: String
  }

  /// A tensor that goes by a rule's name.
  private struct Fit {
    let rule: TensorRule
    let indices: Indices
    let tensor: TensorDescription
  }

  /// - Parameters:
  ///   - components: the family's components with their descriptions.
  ///   - names: the checkpoint's names without a prefix, for those tensors that have it.
  ///   - hints: hyper-parameters and options from flags or a record, which shapes must agree with.
  init(
    _ family: Family, components: [(Family.Component, Family)], prefix: String,
    names: PrefixedNames, hints: RecognitionHints
  ) {
    self.family = family
    self.prefix = prefix
    known = hints.parameters
    parameters = hints.parameters
    var counts = [match(family, names[prefix], hints.options)]
    var parts = [(family, prefix)]
    if let (part, partPrefix) = FamilyMatch.fittingComponent(components, names) {
      counts.append(match(part, names[partPrefix], hints.options))
      parts.append((part, partPrefix))
      component = part
    }
    if !prefix.isEmpty { dropBesides(prefix, names[""]) }
    solveParameters(
      configuration: hints.configuration,
      assuming: parts.flatMap { fixedSizes(of: $0.0) + $0.0.assumptions })
    for ((part, partPrefix), counts) in zip(parts, counts) {
      findMissing(part, prefix: partPrefix, fitCounts: counts)
    }
  }

  /// How many tensors of the checkpoint the family can name.
  var claimedCount: Int { fits.count + drops.count }

  var hasDecoder: Bool { tensors.keys.contains(where: \.isDecoder) }

  var isComplete: Bool { contradictions.isEmpty && missing.isEmpty && !tensors.isEmpty }

  /// The component that names the most tensors, by what of their shapes is fixed too: decoders share
  /// prefixes and even names.
  private static func fittingComponent(
    _ components: [(Family.Component, Family)], _ names: PrefixedNames
  ) -> (Family, String)? {
    var best: (family: Family, prefix: String, count: Int)?
    for (component, family) in components {
      for prefix in component.prefixes {
        let count = names[prefix].count { name in
          family.rules(for: name.name).contains { _, rule in
            rule.name.indices(of: name.name) != nil && rule.mayHave(name.tensor.shape)
          }
        }
        if count > best?.count ?? 0 { best = (family, prefix, count) }
      }
    }
    return best.map { ($0.family, $0.prefix) }
  }

  /// - Returns: how many tensors fit each rule, by its number.
  private mutating func match(
    _ part: Family, _ names: [PrefixedNames.Entry], _ given: [String: String]
  ) -> [Int: Int] {
    let candidates = names.map { entry in
      part.rules(for: entry.name).compactMap { number, rule in
        rule.name.indices(of: entry.name).map { (number: number, rule: rule, indices: $0) }
      }
    }
    let chosen = OptionChoice(part, candidates.map { $0.map(\.number) }, given: given).options
    options.merge(chosen) { own, _ in own }
    var counts: [Int: Int] = [:]
    for (entry, rules) in zip(names, candidates) {
      let fitting = rules.first { number, rule, indices in
        rule.holds(under: chosen) && isWithinLimits(rule, indices, of: part)
      }
      if let (number, rule, indices) = fitting {
        tensors[rule.role.role(at: indices)] = RecognisedTensor(
          key: entry.tensor.key, rule: rule, indices: indices)
        fits.append(Fit(rule: rule, indices: indices, tensor: entry.tensor))
        counts[number, default: 0] += 1
        raiseLimits(of: rule, above: indices, part)
      } else if rules.isEmpty, let drop = part.drop(for: entry.name) {
        drops[entry.tensor.key] = drop
      }
    }
    return counts
  }

  /// Heads and other towers stand beside an encoder that has a prefix.
  private mutating func dropBesides(_ prefix: String, _ names: [PrefixedNames.Entry]) {
    for entry in names where !entry.tensor.key.name.hasPrefix(prefix) {
      if drops[entry.tensor.key] == nil, let drop = family.drop(for: entry.name) {
        drops[entry.tensor.key] = drop
      }
    }
  }

  /// A limit that is a number, or known beforehand, leaves out whatever lies beyond it.
  private func isWithinLimits(_ rule: TensorRule, _ indices: Indices, of part: Family) -> Bool {
    part.limits(of: rule).allSatisfy { index, limit in
      guard let value = limit.value(given: known, at: indices), let position = indices[index]
      else { return true }
      return position < value
    }
  }

  /// A limit such as `depth` is one more than the largest index seen.
  private mutating func raiseLimits(of rule: TensorRule, above indices: Indices, _ part: Family) {
    for (index, limit) in part.limits(of: rule) {
      guard let symbol = limit.symbol(at: indices), known[symbol] == nil,
        let position = indices[index]
      else { continue }
      parameters[symbol] = max(parameters[symbol] ?? 0, position + 1)
    }
  }

  /// Finds the symbols' values from the shapes: an extent with one unknown gives its value, an
  /// extent with none must agree. What stays open afterwards is what a configuration says, or else
  /// assumed as the family says.
  private mutating func solveParameters(
    configuration: ModelConfiguration?,
    assuming assumptions: [(symbol: String, value: ShapeExpression)]
  ) {
    for fit in fits where fit.rule.shape.count != fit.tensor.shape.rank {
      contradictions.append(
        Contradiction(
          tensor: fit.tensor.key.name,
          reason: "has shape \(fit.tensor.shape), \(family.title) has "
            + "\(fit.rule.shape.count) axes here"))
    }
    fits.removeAll { $0.rule.shape.count != $0.tensor.shape.rank }
    bindUntilStable()
    if let configuration {
      bindUntilStable(assuming: assumptions)
      takeOpen(from: configuration)
      bindUntilStable()
    }
    // A cube of unknown extent has three unknowns until two of them are assumed.
    for last in assumptions.indices {
      let open = assumptions[...last].filter { parameters[$0.symbol] == nil }
      guard !open.isEmpty else { continue }
      bindUntilStable(assuming: open)
      for assumption in open where parameters[assumption.symbol] == nil { take(assumption) }
    }
    bindUntilStable()
    refutedCount = fits.count { refutes(assumptions, $0) }
    for fit in fits { check(fit) }
  }

  /// Sizes that the family's models have no choice about.
  private func fixedSizes(of part: Family) -> [(symbol: String, value: ShapeExpression)] {
    part.geometry.fixed.filter { $0.conditions.hold(under: options) }.compactMap { fixed in
      (try? ShapeExpression(String(fixed.value))).map { (fixed.symbol, $0) }
    }
  }

  /// Takes the assumption for true unless a tensor's shape then has no solution.
  private mutating func take(_ assumption: (symbol: String, value: ShapeExpression)) {
    guard let value = assumption.value.value(given: parameters) else { return }
    let before = parameters
    parameters[assumption.symbol] = value
    bindUntilStable()
    if fits.contains(where: { isAbout(assumption.symbol, $0) && refutes([], $0) }) {
      parameters = before
    }
  }

  private func isAbout(_ symbol: String, _ fit: Fit) -> Bool {
    fit.rule.shape.contains { $0.symbols(at: fit.indices).contains(symbol) }
  }

  /// Whether an extent of the tensor has another value, or one unknown and no solution for it.
  private func refutes(
    _ assumptions: [(symbol: String, value: ShapeExpression)], _ fit: Fit
  ) -> Bool {
    zip(fit.rule.shape, fit.tensor.shape.extents).contains { rule, extent in
      guard rule.value(given: parameters, at: fit.indices) == nil else {
        return rule.value(given: parameters, at: fit.indices) != extent
      }
      let open = assumptions.filter { parameters[$0.symbol] == nil }
      let expression = open.reduce(rule) { $0.replacing($1.symbol, with: $1.value) }
      let unknown = expression.symbols(at: fit.indices).filter { parameters[$0] == nil }
      guard unknown.isEmpty else { return unknown.count == 1 }
      return expression.value(given: parameters, at: fit.indices) != extent
    }
  }

  /// Windows are those of stages; other encoders with windows say themselves what they are.
  private mutating func takeOpen(from configuration: ModelConfiguration?) {
    let hasStages = parameters["stages"] != nil
    let hasWindow = parameters["windowHeight"] != nil || parameters["windowWidth"] != nil
    for (symbol, value) in configuration?.parameters ?? [:] where parameters[symbol] == nil {
      guard hasStages == (symbol != "heads"), !hasWindow || !symbol.hasPrefix("window") else {
        continue
      }
      parameters[symbol] = value
    }
  }

  private mutating func bindUntilStable(
    assuming assumptions: [(symbol: String, value: ShapeExpression)] = []
  ) {
    var open = Array(fits.indices)
    var bound = parameters.count
    repeat {
      bound = parameters.count
      open.removeAll { bind(fits[$0], assuming: assumptions) }
    } while parameters.count > bound
  }

  /// - Returns: whether all of the tensor's symbols have values now.
  private mutating func bind(
    _ fit: Fit, assuming assumptions: [(symbol: String, value: ShapeExpression)]
  ) -> Bool {
    var isClosed = true
    for (rule, extent) in zip(fit.rule.shape, fit.tensor.shape.extents) {
      let expression = assumptions.reduce(rule) { $0.replacing($1.symbol, with: $1.value) }
      guard expression.value(given: parameters, at: fit.indices) == nil else { continue }
      let unknown = expression.symbols(at: fit.indices).filter { parameters[$0] == nil }
      guard unknown.count == 1, let symbol = unknown.first else {
        isClosed = unknown.isEmpty && isClosed
        continue
      }
      parameters[symbol] = expression.solved(
        for: symbol, equals: extent, given: parameters, at: fit.indices)
      isClosed = isClosed && parameters[symbol] != nil
    }
    return isClosed
  }

  private mutating func check(_ fit: Fit) {
    for (axis, expression) in fit.rule.shape.enumerated() {
      let extent = fit.tensor.shape[axis]
      let expected = expression.value(given: parameters, at: fit.indices)
      guard expected != extent else { continue }
      let unknown = expression.symbols(at: fit.indices).filter { parameters[$0] == nil }
      guard unknown.count <= 1 else { continue }
      // All symbols known and yet no value, a file claims extents that nothing can have; or one
      // unknown, and no value of it gives the extent.
      let reason =
        expected.map { " = \($0)" }
        ?? unknown.first.map { ", which no \($0) makes it" } ?? ", which is beyond 63 bits"
      contradictions.append(
        Contradiction(
          tensor: fit.tensor.key.name,
          reason: "has shape \(fit.tensor.shape); axis \(axis) should be \(expression)\(reason)"))
      return
    }
  }

  private mutating func findMissing(_ part: Family, prefix: String, fitCounts: [Int: Int]) {
    let hasDecoder = hasDecoder
    for (number, rule) in part.tensors.enumerated()
    where !rule.isOptional && rule.holds(under: options) {
      // An encoder alone is whole without what would come after it.
      if !hasDecoder, rule.role(at: [:]).isDecoder { continue }
      // A model without blocks, or with a stage without, is no whole one.
      if let open = part.firstOpenPosition(of: rule, given: parameters) {
        missingCount += 1
        missing.append(prefix + rule.name.name(at: open))
      }
      let count = part.count(of: rule, given: parameters)
      let present = fitCounts[number] ?? 0
      guard present < count else { continue }
      let (sum, overflow) = missingCount.addingReportingOverflow(count - present)
      missingCount = overflow ? .max : sum
      let first = part.positions(of: rule, given: parameters).first {
        tensors[rule.role(at: $0)] == nil
      }
      if let first { missing.append(prefix + rule.name.name(at: first)) }
    }
  }
}

/// The values of a family's options that explain the most tensors of a checkpoint.
private struct OptionChoice {
  private(set) var options: [String: String]

  /// - Parameter candidates: for each tensor, the numbers of the rules that go by its name.
  init(_ family: Family, _ candidates: [[Int]], given: [String: String]) {
    options = given.filter { name, _ in family.options.contains { $0.name == name } }
    let open = family.options.filter { options[$0.name] == nil }
    for (name, values) in open { options[name] = values.first }
    let present = Set(candidates.joined())
    // What one option explains depends on the others: a norm's tensors in blocks that the model was
    // built without are missing only as long as it is taken to have the blocks.
    var score = OptionChoice.score(of: options, family, candidates, present)
    var isSettled = false
    while !isSettled {
      isSettled = true
      for (name, values) in open {
        for value in values {
          let attempt = options.merging([name: value]) { _, new in new }
          let other = OptionChoice.score(of: attempt, family, candidates, present)
          guard other > score else { continue }
          (options, score, isSettled) = (attempt, other, false)
        }
      }
    }
  }

  /// The tensors that rules explain, less those that the rules ask for and that are not there.
  private static func score(
    of options: [String: String], _ family: Family, _ candidates: [[Int]], _ present: Set<Int>
  ) -> Int {
    let explained = candidates.count { rules in
      rules.contains { family.tensors[$0].holds(under: options) }
    }
    let missing = family.tensors.indices.count { number in
      let rule = family.tensors[number]
      return !rule.isOptional && !present.contains(number) && rule.holds(under: options)
    }
    return explained - missing
  }
}
