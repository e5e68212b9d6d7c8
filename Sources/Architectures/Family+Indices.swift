extension Family {
  /// The running indices of a rule's name and how many values each has, outer ones first.
  func limits(of rule: TensorRule) -> [(index: String, limit: ShapeExpression)] {
    guard !rule.name.indices.isEmpty else { return [] }
    return indices.compactMap { index, count in
      rule.name.indices.contains(index) ? (index, rule.ranges[index] ?? count) : nil
    }
  }

  /// How many tensors a rule stands for; none while a limit has no value.
  package func count(of rule: TensorRule, given values: [String: Int]) -> Int {
    count(limits(of: rule)[...], values, [:])
  }

  private func count(
    _ limits: ArraySlice<(index: String, limit: ShapeExpression)>, _ values: [String: Int],
    _ indices: Indices
  ) -> Int {
    guard let (index, limit) = limits.first else { return 1 }
    let count = max(0, limit.value(given: values, at: indices) ?? 0)
    guard limits.count > 1 else { return count }
    var sum = 0
    for position in 0..<min(count, NumberedName.indexLimit) {
      let inner = self.count(
        limits.dropFirst(), values, indices.merging([index: position]) { _, new in new })
      let (next, overflow) = sum.addingReportingOverflow(inner)
      sum = overflow ? .max : next
    }
    return sum
  }

  /// The indices of all tensors that a rule stands for, each made when it is asked for: a file may
  /// claim a million blocks.
  package func positions(
    of rule: TensorRule, given values: [String: Int]
  ) -> AnySequence<Indices> {
    positions(limits(of: rule)[...], values, [:])
  }

  private func positions(
    _ limits: ArraySlice<(index: String, limit: ShapeExpression)>, _ values: [String: Int],
    _ indices: Indices
  ) -> AnySequence<Indices> {
    guard let (index, limit) = limits.first else { return AnySequence([indices]) }
    // A description may claim any number; beyond the limit no tensor's name could follow.
    let count = min(
      max(0, limit.value(given: values, at: indices) ?? 0), NumberedName.indexLimit)
    return AnySequence(
      (0..<count).lazy.flatMap { position in
        positions(
          limits.dropFirst(), values, indices.merging([index: position]) { _, new in new })
      })
  }
}

extension TensorRule {
  package func role(at indices: Indices) -> Role { role.role(at: indices) }
}
