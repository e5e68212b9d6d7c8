import Documents

extension HTMLReport {
  /// The ledger of every tensor, where and with what the checks were made, and what the files were.
  var environment: HTMLText {
    """
    \(ledger)
    <section aria-labelledby="environment">
    <h2 id="environment">Environment and digests</h2>
    \(list(context.environment))
    <h3>SHA-256</h3>
    \(list(context.digests))
    </section>
    """
  }

  private func list(_ entries: [(name: String, value: String)]) -> HTMLText {
    guard !entries.isEmpty else { return "<p>Nothing was recorded.</p>" }
    let rows = entries.map { entry -> HTMLText in
      "<div><dt>\(entry.name)</dt><dd><code>\(entry.value)</code></dd></div>"
    }
    return "<dl>\(rows)</dl>"
  }

  /// The conversion's report, as it was given: what became of each tensor on either side.
  private var ledger: HTMLText {
    guard let conversion = context.conversion else { return "" }
    let reader = JSONReader(conversion)
    let tensors = (try? reader.member("tensors").elements()) ?? []
    let dropped = (try? reader.member("dropped").elements()) ?? []
    let targetRows = tensors.map { tensor in
      self.row(tensor, ["name", "action", "inputs", "exactness"])
    }
    let droppedRows = dropped.map { tensor in self.row(tensor, ["name", "rule", "consequence"]) }
    return """
      <section aria-labelledby="ledger">
      <h2 id="ledger">Ledger of the conversion</h2>
      <p>\(tensors.count) tensors of the target, \(dropped.count) tensors of the source dropped by a \
      named rule. The plan's verdict: \((try? reader.member("verdict").string()) ?? "none").</p>
      <details><summary>Every tensor of the target</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Tensors of the target">
      <table><caption>Tensors of the target</caption><thead><tr><th scope="col">tensor</th>\
      <th scope="col">action</th><th scope="col">from</th><th scope="col">exactness</th></tr></thead>
      <tbody>\(targetRows)</tbody></table></div></details>
      <details><summary>Every dropped tensor of the source</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Dropped tensors">
      <table><caption>Dropped tensors of the source</caption><thead><tr><th scope="col">tensor</th>\
      <th scope="col">rule</th><th scope="col">because</th></tr></thead>
      <tbody>\(droppedRows)</tbody></table></div></details>
      </section>
      """
  }

  private func row(_ reader: JSONReader, _ members: [String]) -> HTMLText {
    let cells = members.enumerated().map { index, name -> HTMLText in
      let member = try? reader.optionalMember(name)
      let text =
        (try? member?.string())
        ?? (try? member?.elements().map { try $0.string() }.joined(separator: ", ")) ?? ""
      return index == 0
        ? "<th scope=\"row\"><code>\(text)</code></th>" : "<td>\(text)</td>"
    }
    return "<tr>\(cells)</tr>"
  }
}
