import CKernels
import Diagnostics
import Glibc
import Synchronization

/// Which of the processor's instructions the innermost loops use. The best set that the machine
/// has is taken, unless the environment variable `INFLATE_CKPT_ISA` names another.
///
/// The sets round differently in the last digits; within one, results are the same on every run.
package enum InstructionSet: String, Sendable, CaseIterable {
  case portable
  case avx2
  case avx512

  /// Whether this machine has the instructions.
  package var isAvailable: Bool { table != nil }

  private var table: UnsafePointer<ck_kernels>? { ck_select(rawValue) }

  private static let preference: [InstructionSet] = [.avx512, .avx2, .portable]

  /// What the environment asks for.
  ///
  /// - Throws: `usage` for a set that does not exist or that the machine lacks.
  package static func requested(
    _ name: String? = getenv("INFLATE_CKPT_ISA").map { String(cString: $0) }
  ) throws -> InstructionSet {
    guard let name, !name.isEmpty else {
      return preference.first(where: \.isAvailable) ?? .portable
    }
    let available = allCases.filter(\.isAvailable)
    guard let set = available.first(where: { $0.rawValue == name }) else {
      throw Fault(
        .usage, "INFLATE_CKPT_ISA is \"\(printable(name))\"",
        remedy: "this machine has: \(available.map(\.rawValue).joined(separator: ", "))")
    }
    return set
  }

  private static let selection = Atomic<Int>(
    allCases.firstIndex(of: (try? requested()) ?? .portable)!)
  private static let tables = allCases.map { Table(kernels: $0.table?.pointee) }

  /// The set in use. Setting one that the machine lacks changes nothing.
  package static var selected: InstructionSet {
    get { allCases[selection.load(ordering: .relaxed)] }
    set {
      guard newValue.isAvailable else { return }
      selection.store(allCases.firstIndex(of: newValue)!, ordering: .relaxed)
    }
  }

  /// A set for the work of one task alone, whatever is selected for the process.
  @TaskLocal package static var forced: InstructionSet?

  /// Function pointers to constant code.
  private struct Table: @unchecked Sendable {
    let kernels: ck_kernels?
  }

  /// The functions of the set in use. Kernels ask for them before they share out their work: other
  /// threads do not know what the task has forced.
  static var kernels: ck_kernels {
    let index = forced.flatMap(allCases.firstIndex(of:)) ?? selection.load(ordering: .relaxed)
    return (tables[index].kernels ?? tables[0].kernels)!
  }
}
