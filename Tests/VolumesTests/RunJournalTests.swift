import Diagnostics
import Files
import Foundation
import Testing

@testable import Volumes

@Suite("Going on after an interruption")
struct RunJournalTests {
  struct Interrupted: Error {}

  static let fingerprint = SHA256Digest.of(Array("one run".utf8).span.bytes)

  private func journal(_ folder: URL, _ fingerprint: SHA256Digest = fingerprint) throws
    -> RunJournal
  {
    try RunJournal(path: folder.appending(path: "run.state").path, fingerprint: fingerprint)
  }

  @Test("a run over windows that stopped anywhere ends with the same bits, and computes less")
  func windows() throws {
    var spared = 0
    for expected in try SlidingWindowTests.cases() {
      let volumes = try expected.volumes
      let windows = try expected.windows()
      let total = windows.grid.windowCount
      let model = { (window: [Float]) in
        SlidingWindowTests.model(window, channels: volumes.count)
      }
      let whole = try windows.scores(of: volumes, classCount: 3, model: model)
      for stop in Set([1, total / 2, total - 1]) where stop < total {
        try withTemporaryFolder { folder in
          var calls = 0
          #expect(throws: Interrupted.self) {
            _ = try windows.scores(of: volumes, classCount: 3, journal: journal(folder)) { window in
              if calls == stop { throw Interrupted() }
              calls += 1
              return model(window)
            }
          }
          calls = 0
          let resumed = try windows.scores(
            of: volumes, classCount: 3, journal: journal(folder)
          ) { window in
            calls += 1
            return model(window)
          }
          #expect(resumed == whole)
          #expect(calls <= total)
          spared += total - calls
          // A third run has nothing left to do.
          calls = 0
          let again = try windows.scores(of: volumes, classCount: 3, journal: journal(folder)) {
            _ in
            calls += 1
            return []
          }
          #expect(again == whole)
          #expect(calls == 0)
        }
      }
    }
    #expect(spared > 0)
  }

  @Test("a run over slices goes on where it stopped, and says so")
  func slices() throws {
    let volume = try SliceTests.staircase(depth: 5)
    let segmentation = try SliceTests.segmentation(depth: 3)
    let model = { (window: [[Plane]]) -> ClassScores in
      let centre = Int(window[0][1].values[0])
      return try ClassScores(
        classCount: 5, size: PlaneSize(height: 1, width: 1),
        values: (0..<5).map { $0 == centre ? 1 : 0 })
    }
    try withTemporaryFolder { folder in
      var calls = 0
      #expect(throws: Interrupted.self) {
        _ = try segmentation.labels(of: [volume], journal: journal(folder)) { window in
          if calls == 3 { throw Interrupted() }
          calls += 1
          return try model(window)
        }
      }
      var progress: [Int] = []
      let labels = try segmentation.labels(
        of: [volume], journal: journal(folder), progress: { done, _ in progress.append(done) },
        model: model)
      #expect(progress == [3, 4, 5])
      #expect(try labels == segmentation.labels(of: [volume], model: model))
    }
  }

  @Test("what an interruption left of the last part is cut off")
  func damagedTail() throws {
    for damage in [1, 40, 80] {
      try withTemporaryFolder { folder in
        let file = folder.appending(path: "run.state")
        do {
          let writing = try journal(folder)
          try writing.append([1, 2, 3])
          try writing.append([4, 5, .max])
        }
        var bytes = try Data(contentsOf: file)
        bytes.removeLast(damage)
        try bytes.write(to: file)
        do {
          let reading = try journal(folder)
          #expect(reading.finishedCount == 1)
          #expect(try reading.next(wordCount: 3) == [1, 2, 3])
          #expect(try reading.next(wordCount: 3) == nil)
          try reading.append([7, 8, 9])
        }
        let again = try journal(folder)
        #expect(again.finishedCount == 2)
        #expect(try again.next(wordCount: 3) == [1, 2, 3])
        #expect(try again.next(wordCount: 3) == [7, 8, 9])
      }
    }
  }

  @Test("one spoilt byte ends the parts that are believed")
  func spoiltByte() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "run.state")
      do {
        let writing = try journal(folder)
        try writing.append([1, 2, 3])
      }
      let bytes = try Data(contentsOf: file)
      for offset in bytes.indices.suffix(84) {
        var spoilt = bytes
        spoilt[offset] ^= 1
        try spoilt.write(to: file)
        #expect(try journal(folder).finishedCount == 0)
      }
    }
  }

  @Test("another run's state, a file that is none, and a part of another length are refused")
  func refusals() throws {
    try withTemporaryFolder { folder in
      do {
        let writing = try journal(folder)
        try writing.append([1, 2, 3])
        try expectFault(.journalMismatch) { _ = try journal(folder) }
      }
      let other = SHA256Digest.of(Array("another run".utf8).span.bytes)
      try expectFault(.journalMismatch) { _ = try journal(folder, other) }
      try expectFault(.journalMismatch) { _ = try journal(folder).next(wordCount: 4) }
      let file = folder.appending(path: "run.state")
      try Data("a letter to my grandmother".utf8).write(to: file)
      try expectFault(.journalMismatch) { _ = try journal(folder) }
      #expect(try Data(contentsOf: file) == Data("a letter to my grandmother".utf8))
      try expectFault(.cannotCreate) {
        _ = try RunJournal(path: folder.path, fingerprint: RunJournalTests.fingerprint)
      }
      try FileManager.default.removeItem(at: file)
      let finished = try journal(folder)
      finished.remove()
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }
}
