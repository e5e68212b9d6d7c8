import Tensors

/// An attempt to read a checkpoint as one family with one prefix: which tensors fit which rules,
/// what the shapes say of the hyper-parameters, and everything that speaks against it.
struct FamilyMatch {
  let family: Family
  let prefix: String
  private(set) var parameters: [String: Int]
  private(set) var keys: [Role: SourceKey] = [:]
  private(set) var drops: [SourceKey: DropRule] = [:]
  private(set) var contradictions: [Contradiction] = []
  /// The first tensor of each rule that is not there.
  private(set) var missing: [String] = []
  private(set) var missingCount = 0
  private(set) var hasDecoder = false
  private var fits: [Fit] = []
  /// How many tensors fit each rule, by the part's prefix and the rule's form.
  private var fitCounts: [String: Int] = [:]
  private let known: [String: Int]

  struct Contradiction {
    let tensor: String
    let reason: String
  }

  private struct Fit {
    let rule: Family.TensorRule
    let tensor: TensorDescription
  }

  /// - Parameter known: hyper-parameters from flags or a record, which shapes must agree with.
  init(
    _ family: Family, components: [Family], prefix: String, tensors: [TensorDescription],
    known: [String: Int]
  ) {
    self.family = family
    self.prefix = prefix
    self.known = known
    parameters = known
    match(family, prefix: prefix, tensors)
    var parts = [(family, prefix)]
    for (component, description) in zip(family.components, components) {
      let present = component.prefixes.first { candidate in
        tensors.contains { $0.key.name.hasPrefix(candidate) }
      }
      guard let present else { continue }
      let fitCount = fits.count
      match(description, prefix: present, tensors)
      // Another model's decoder may go by the same prefix.
      guard fits.count > fitCount else { continue }
      hasDecoder = true
      parts.append((description, present))
    }
    solveParameters()
    for (part, partPrefix) in parts { findMissing(part, prefix: partPrefix) }
  }

  /// How many tensors of the checkpoint the family can name.
  var claimedCount: Int { fits.count + drops.count }

  var isComplete: Bool { contradictions.isEmpty && missing.isEmpty && !keys.isEmpty }

  private mutating func match(_ part: Family, prefix: String, _ tensors: [TensorDescription]) {
    let rules = Dictionary(part.tensors.map { ($0.name.lookupForm, $0) }) { first, _ in first }
    let dropped = Dictionary(part.drops.map { ($0.name.lookupForm, $0) }) { first, _ in first }
    for tensor in tensors where tensor.key.name.hasPrefix(prefix) {
      let name = String(tensor.key.name.dropFirst(prefix.count))
      for (form, position) in NamePattern.lookupForms(of: name) {
        if let rule = rules[form], (rule.name.index == nil) == (position == nil),
          isWithinLimit(position, of: rule)
        {
          keys[rule.role(at: position)] = tensor.key
          fits.append(Fit(rule: rule, tensor: tensor))
          fitCounts[prefix + form, default: 0] += 1
          if let position, let limit = rule.name.index?.limit { raise(limit, above: position) }
          break
        }
        if let entry = dropped[form], (entry.name.index == nil) == (position == nil) {
          drops[tensor.key] = entry.rule
          break
        }
      }
    }
  }

  /// A limit that is a number, or known beforehand, leaves out whatever lies beyond it.
  private func isWithinLimit(_ position: Int?, of rule: Family.TensorRule) -> Bool {
    guard let position, let limit = rule.name.index?.limit.value(given: known) else { return true }
    return position < limit
  }

  /// A limit such as `depth` is one more than the largest index seen.
  private mutating func raise(_ limit: ShapeExpression, above position: Int) {
    let symbol = limit.description
    guard limit.symbols == [symbol], known[symbol] == nil else { return }
    parameters[symbol] = max(parameters[symbol] ?? 0, position + 1)
  }

  /// Finds the symbols' values from the shapes: an extent with one unknown gives its value, an
  /// extent with none must agree. What stays open afterwards is assumed as the family says.
  private mutating func solveParameters() {
    for fit in fits where fit.rule.shape.count != fit.tensor.shape.rank {
      contradictions.append(
        Contradiction(
          tensor: fit.tensor.key.name,
          reason: "has shape \(fit.tensor.shape), \(family.title) has "
            + "\(fit.rule.shape.count) axes here"))
    }
    fits.removeAll { $0.rule.shape.count != $0.tensor.shape.rank }
    bindUntilStable()
    for assumption in family.assumptions where parameters[assumption.symbol] == nil {
      bindUntilStable(assuming: assumption)
      parameters[assumption.symbol] = assumption.value.value(given: parameters)
    }
    bindUntilStable()
    for fit in fits { check(fit) }
  }

  private mutating func bindUntilStable(
    assuming assumption: (symbol: String, value: ShapeExpression)? = nil
  ) {
    var bound = parameters.count
    repeat {
      bound = parameters.count
      for fit in fits {
        for (rule, extent) in zip(fit.rule.shape, fit.tensor.shape.extents) {
          let expression =
            assumption.map { rule.replacing($0.symbol, with: $0.value) } ?? rule
          let unknown = expression.symbols.filter { parameters[$0] == nil }
          guard unknown.count == 1, let symbol = unknown.first else { continue }
          parameters[symbol] = expression.solved(for: symbol, equals: extent, given: parameters)
        }
      }
    } while parameters.count > bound
  }

  private mutating func check(_ fit: Fit) {
    for (axis, expression) in fit.rule.shape.enumerated() {
      let extent = fit.tensor.shape[axis]
      let expected = expression.value(given: parameters)
      let isOpen = expected == nil && !expression.symbols.allSatisfy { parameters[$0] != nil }
      guard !isOpen, expected != extent else { continue }
      // All symbols known and yet no value: a file claims extents that nothing can have.
      contradictions.append(
        Contradiction(
          tensor: fit.tensor.key.name,
          reason: "has shape \(fit.tensor.shape); axis \(axis) should be \(expression)"
            + (expected.map { " = \($0)" } ?? ", which is beyond 63 bits")))
      return
    }
  }

  private mutating func findMissing(_ part: Family, prefix: String) {
    for rule in part.tensors where !rule.isOptional {
      let count = rule.name.count(given: parameters)
      let present = fitCounts[prefix + rule.name.lookupForm] ?? 0
      guard present < count else { continue }
      let (sum, overflow) = missingCount.addingReportingOverflow(count - present)
      missingCount = overflow ? .max : sum
      let first = rule.name.expanded(given: parameters).first {
        keys[rule.role(at: $0.position)] == nil
      }
      if let first { missing.append(prefix + first.name) }
    }
  }
}
