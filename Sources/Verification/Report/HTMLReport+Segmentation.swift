import Diagnostics
import Volumes

extension HTMLReport {
  /// Dice as bars, and all measures of every class as a table.
  func segmentation(_ scores: SegmentationScores) -> HTMLText {
    let present = scores.classes.indices.dropFirst()
    let rows = present.map { index -> HTMLText in
      let metrics = scores.classes[index]
      return """
        <tr><th scope="row">\(swatch(index))\(context.className(index))</th>
        <td class="bar">\(bar(metrics.dice, index))</td>\
        \(cells([
          metrics.intersectionOverUnion, metrics.hausdorff95, metrics.averageSurfaceDistance,
          metrics.relativeVolumeDifference,
        ]))</tr>
        """
    }
    return """
      <h3>Segmentation of \(scores.volume)</h3>
      <div class="scroll" tabindex="0" role="region" aria-label="Segmentation of \(scores.volume)">
      <table><caption>Every foreground class; distances in the scan's unit</caption>
      <thead><tr><th scope="col">class</th><th scope="col">Dice</th>\
      <th scope="col" class="number">intersection over union</th>\
      <th scope="col" class="number">Hausdorff 95</th>\
      <th scope="col" class="number">surface distance</th>\
      <th scope="col" class="number">volume difference</th></tr></thead>
      <tbody>\(rows)
      <tr class="mean"><th scope="row">mean</th><td class="bar">\(bar(scores.meanForegroundDice, 0))</td>\
      \(cells([
        scores.foregroundMean(\.intersectionOverUnion), scores.foregroundMean(\.hausdorff95),
        scores.foregroundMean(\.averageSurfaceDistance),
        scores.foregroundMean(\.relativeVolumeDifference),
      ]))</tr></tbody></table></div>
      """
  }

  private func cells(_ values: [Double?]) -> [HTMLText] {
    values.map { "<td class=\"number\">\($0.map(Figure.text) ?? "–")</td>" }
  }

  /// The number stands beside the bar, which only shows it.
  private func bar(_ dice: Double?, _ index: Int) -> HTMLText {
    guard let dice else { return "–" }
    let width = min(max(dice, 0), 1) * 100
    return """
      <span class="track" aria-hidden="true"><span class="fill" style="width:\(length: width)%\
      \(colour(index).map { ";background:\($0)" } ?? "")"></span></span> \(Figure.text(dice))
      """
  }

  private func swatch(_ index: Int) -> HTMLText {
    guard let colour = colour(index) else { return "" }
    return "<span class=\"swatch\" aria-hidden=\"true\" style=\"background:\(colour)\"></span>"
  }

  private func colour(_ index: Int) -> String? {
    Colour.ofClass(Int32(clamping: index)).map { "rgb(\($0.red),\($0.green),\($0.blue))" }
  }

  /// Slices one beside the other, to be scrolled through by hand, wheel or arrow keys.
  func gallery(_ gallery: SliceGallery) -> HTMLText {
    let figures = gallery.slices.map { slice -> HTMLText in
      let agreement =
        slice.agreement.map {
          "labels and prediction agree on \(Int(($0 * 100).rounded())) % of it"
        }
        ?? "nothing is labelled or predicted on it"
      return """
        <figure><img src="\(HTMLText.dataURL(ofPNG: slice.png))" alt="Slice \(slice.index): the scan, \
        the labels over it, the prediction over it; \(agreement)." loading="lazy">
        <figcaption>slice \(slice.index): \(agreement)</figcaption></figure>
        """
    }
    return """
      <h3>Slices of \(gallery.volume)</h3>
      <p>Each is shown plain, with the labels and with the prediction over it. Scroll sideways; with \
      the strip in focus, arrow keys do it.</p>
      <div class="strip" tabindex="0" role="group" aria-label="Slices of \(gallery.volume)">
      \(figures)
      </div>
      """
  }
}
