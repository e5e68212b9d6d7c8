import Diagnostics
import Glibc

/// How far the 3D model is from the 2D one at every layer: bars on a logarithmic scale, and the same
/// as a table.
struct FidelityChart {
  private let layers: [LayerFidelity]
  private let bound: Double?
  private let id: Int

  private static let rowHeight = 18.0
  private static let plotWidth = 440.0
  private static let top = 26.0
  /// Powers of ten at the chart's two ends.
  private static let exponents = -9.0...1.0

  /// Room for the longest name in a fixed-width font of 12 pixels.
  private let labelWidth: Double

  init(_ layers: [LayerFidelity], bound: Double?, id: Int) {
    self.layers = layers
    labelWidth = 7.3 * Double(layers.map(\.layer.count).max() ?? 0) + 12
    self.bound = bound
    self.id = id
  }

  var markup: HTMLText {
    guard !layers.isEmpty else { return "" }
    let height = FidelityChart.top + FidelityChart.rowHeight * Double(layers.count) + 6
    let width = labelWidth + FidelityChart.plotWidth + 90
    return """
      <h3>Fidelity per layer</h3>
      <figure class="chart">
      <div class="scroll" tabindex="0" role="region" aria-label="Chart of the fidelity per layer">
      <svg viewBox="0 0 \(length: width) \(length: height)" role="img" \
      aria-labelledby="chart-title-\(id) chart-text-\(id)">
      <title id="chart-title-\(id)">Distance from the 2D model, layer by layer</title>
      <desc id="chart-text-\(id)">\(description)</desc>
      \(grid(height))\(layers.enumerated().map(bar))\(boundLine(height))
      </svg>
      </div>
      <figcaption>\(description)</figcaption>
      </figure>
      <details><summary>The same as a table</summary>
      <table><caption>Distance from the 2D model</caption>
      <thead><tr><th scope="col">layer</th><th scope="col">max |Δ| / max |reference|</th></tr></thead>
      <tbody>\(layers.map(row))</tbody></table></details>
      """
  }

  private var description: String {
    let worst = layers.max { !($0.distance > $1.distance) } ?? layers[0]
    return "\(layers.count) layers on one slice repeated through the depth; \(judgement). "
      + "The largest distance is \(Figure.text(worst.distance)), at \(worst.layer)."
  }

  private var judgement: String {
    guard let bound else { return "no bound was set" }
    let limit = "the bound of \(Figure.text(bound))"
    if let first = layers.first(where: departs) {
      return "\(first.layer) is the first to depart from \(limit)"
    }
    let held = layers.filter(\.mustAgree).count
    return held == layers.count
      ? "all stay within \(limit)"
      : "the first \(held) stay within \(limit), the others cannot agree and are only measured"
  }

  private func departs(_ layer: LayerFidelity) -> Bool {
    bound.map { layer.mustAgree && !(layer.distance <= $0) } ?? false
  }

  private func row(_ layer: LayerFidelity) -> HTMLText {
    """
    <tr><th scope="row"><code>\(layer.layer)</code></th>\
    <td class="number">\(Figure.text(layer.distance))</td></tr>
    """
  }

  private func x(_ distance: Double) -> Double {
    let range = FidelityChart.exponents
    let exponent =
      distance.isNaN || distance == .infinity
      ? range.upperBound : min(max(log10(distance), range.lowerBound), range.upperBound)
    return labelWidth
      + FidelityChart.plotWidth * (exponent - range.lowerBound)
      / (range.upperBound - range.lowerBound)
  }

  private func grid(_ height: Double) -> [HTMLText] {
    stride(from: -9.0, through: 1, by: 2).map { exponent in
      let place = x(pow(10, exponent))
      return """
        <line class="grid" x1="\(length: place)" x2="\(length: place)" y1="20" y2="\(length: height)"/>\
        <text class="tick" x="\(length: place)" y="14" text-anchor="middle">1e\(Int(exponent))</text>
        """
    }
  }

  private func bar(_ index: Int, _ layer: LayerFidelity) -> HTMLText {
    let y = FidelityChart.top + FidelityChart.rowHeight * Double(index)
    let end = layer.distance == 0 ? labelWidth : x(layer.distance)
    let kind = departs(layer) ? "departing" : layer.mustAgree ? "kept" : "measured"
    let length = max(end - labelWidth, layer.distance == 0 ? 2 : 3)
    return """
      <text x="\(length: labelWidth - 8)" y="\(length: y + 12)" \
      text-anchor="end">\(layer.layer)</text>\
      <rect class="\(kind)" x="\(length: labelWidth)" \
      y="\(length: y + 3)" width="\(length: length)" height="11" rx="2"/>\
      <text class="value" x="\(length: labelWidth + length + 6)" \
      y="\(length: y + 12)">\(layer.distance == 0 ? "0, bit for bit" : Figure.text(layer.distance))\
      </text>
      """
  }

  private func boundLine(_ height: Double) -> HTMLText {
    guard let bound else { return "" }
    let place = x(bound)
    return """
      <line class="bound" x1="\(length: place)" x2="\(length: place)" y1="20" y2="\(length: height)"/>
      """
  }
}
