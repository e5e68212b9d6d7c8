extension Family {
  /// Where a rule would have a tensor if it had one at least wherever nothing tells how many: the
  /// first block of a model without blocks, or of a stage without.
  ///
  /// Nil when the number is known everywhere.
  func firstOpenPosition(of rule: TensorRule, given values: [String: Int]) -> Indices? {
    firstOpenPosition(limits(of: rule)[...], values, [:])
  }

  private func firstOpenPosition(
    _ limits: ArraySlice<(index: String, limit: ShapeExpression)>, _ values: [String: Int],
    _ indices: Indices
  ) -> Indices? {
    guard let (index, limit) = limits.first else { return nil }
    guard let count = limit.value(given: values, at: indices) else {
      return limits.reduce(into: indices) { $0[$1.index] = 0 }
    }
    guard limits.count > 1 else { return nil }
    for position in 0..<min(max(count, 0), NumberedName.indexLimit) {
      let outer = indices.merging([index: position]) { _, new in new }
      if let open = firstOpenPosition(limits.dropFirst(), values, outer) { return open }
    }
    return nil
  }
}
