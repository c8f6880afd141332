"""Private layouts: npu_format_cast, get_npu_format, and that values and gradients survive."""

import copy
import io

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, run_tests, storage_bytes

ND, NCHW, NC1HWC0, FRACTAL_Z, FRACTAL_NZ = 2, 0, 3, 4, 29


class TestFormats(NpuTestCase):
    def test_a_new_tensor_is_plain(self):
        self.assertIn(torch.npu.get_npu_format(torch.ones(2, 3, device="npu")), (ND, NCHW))

    def test_values_survive_every_layout(self):
        cases = [
            (NC1HWC0, (2, 3, 5, 7)),
            (NC1HWC0, (1, 16, 4, 4)),
            (NC1HWC0, (2, 33, 3, 1)),
            (FRACTAL_Z, (6, 3, 3, 3)),
            (FRACTAL_Z, (32, 17, 1, 1)),
            (FRACTAL_NZ, (4, 6)),
            (FRACTAL_NZ, (17, 33)),
            (FRACTAL_NZ, (2, 3, 20, 18)),
        ]
        for number, sizes in cases:
            for dtype in (torch.float32, torch.float16):
                with self.subTest(number=number, sizes=sizes, dtype=dtype):
                    source = torch.randn(sizes).to(dtype)
                    cast = torch.npu.npu_format_cast(source.npu(), number)
                    self.assertEqual(torch.npu.get_npu_format(cast), number)
                    self.assert_same(cast, source, 0)
                    back = torch.npu.npu_format_cast(cast, ND)
                    self.assertIn(torch.npu.get_npu_format(back), (ND, NCHW))
                    self.assert_same(back, source, 0)

    def test_the_storage_has_the_layouts_shape(self):
        there = torch.randn(2, 3, 5, 7).npu()
        self.assertEqual(torch.npu.get_storage_size(there), (2, 3, 5, 7))
        cast = there.npu_format_cast(NC1HWC0)
        self.assertEqual(torch.npu.get_storage_size(cast), (2, 1, 5, 7, 16))
        self.assertGreaterEqual(storage_bytes(cast), 2 * 5 * 7 * 16 * 4)
        self.assertEqual(tuple(cast.shape), (2, 3, 5, 7))

    def test_the_same_layout_is_the_same_tensor(self):
        there = torch.randn(2, 3, 5, 7).npu().npu_format_cast(NC1HWC0)
        self.assertIs(there.npu_format_cast(NC1HWC0), there)
        other = torch.randn(1, 2, 3, 4).npu()
        self.assertEqual(torch.npu.get_npu_format(other.npu_format_cast(there)), NC1HWC0)

    def test_in_place(self):
        source = torch.randn(17, 33)
        there = source.npu()
        self.assertIs(there.npu_format_cast_(FRACTAL_NZ), there)
        self.assertEqual(torch.npu.get_npu_format(there), FRACTAL_NZ)
        self.assert_same(there, source, 0)
        parameter = torch.nn.Parameter(source.npu())
        torch.npu.npu_format_cast_(parameter, FRACTAL_NZ)
        self.assertEqual(torch.npu.get_npu_format(parameter), FRACTAL_NZ)
        self.assertTrue(parameter.requires_grad)
        self.assert_same(parameter, source, 0)

    def test_operators_take_it(self):
        source, other = torch.randn(2, 3, 5, 7), torch.randn(2, 3, 5, 7)
        cast = source.npu().npu_format_cast(NC1HWC0)
        self.assert_same(cast + other.npu(), source + other)
        self.assert_same(other.npu().mul_(cast), source * other)
        self.assertEqual(torch.npu.get_npu_format(cast), NC1HWC0)
        cast.add_(1)
        self.assert_same(cast, source + 1)

    def test_views_of_it(self):
        source = torch.randn(2, 3, 5, 7)
        for view in (
            lambda t: t[1],
            lambda t: t.transpose(1, 2),
            lambda t: t.reshape(6, 35),
            lambda t: t[:, 1:, ::2],
        ):
            cast = source.npu().npu_format_cast(NC1HWC0)
            self.assert_same(view(cast), view(source), 0)
            self.assert_same(cast, source, 0)

    def test_gradients_pass_through(self):
        leaf = torch.randn(2, 3, 4, 4).npu().requires_grad_()
        seed = torch.randn(2, 3, 4, 4)
        (leaf.npu_format_cast(NC1HWC0) * 2).backward(seed.npu())
        self.assert_same(leaf.grad, seed * 2)

    def test_copies_and_files(self):
        source = torch.randn(4, 3, 3, 3)
        cast = source.npu().npu_format_cast(FRACTAL_Z)
        self.assert_same(cast.clone(), source, 0)
        self.assert_same(cast.to("npu:1"), source, 0)
        self.assert_same(cast.to(torch.float16), source.half(), 0)
        cast.copy_(source + 1)
        self.assert_same(cast, source + 1, 0)

    def test_saving_and_deep_copies(self):
        for layout in (NC1HWC0, FRACTAL_Z, FRACTAL_NZ):
            source = torch.randn(5, 3, 4, 7)
            cast = source.npu().npu_format_cast(layout)
            stream = io.BytesIO()
            torch.save(cast, stream)
            stream.seek(0)
            self.assert_same(torch.load(stream), source, 0)
            cast = source.npu().npu_format_cast(layout)
            self.assert_same(copy.deepcopy(cast), source, 0)
            self.assert_same(cast, source, 0)

    def test_operators_take_private_layouts(self):
        image, weight = torch.randn(2, 19, 6, 5), torch.randn(7, 19, 3, 3)
        for weight_layout in (NCHW, FRACTAL_Z):
            filters = weight.npu().npu_format_cast(weight_layout)
            for layout in (NCHW, NC1HWC0):
                cast = image.npu().npu_format_cast(layout)
                got = F.conv2d(cast, filters, padding=1)
                self.assert_same(got, F.conv2d(image, weight, padding=1))
        cast = image.npu().npu_format_cast(NC1HWC0)
        for fn in (
            torch.relu,
            lambda t: t + t,
            lambda t: t > 0,
            lambda t: t.sum((0, 2)),
            lambda t: t.softmax(1),
            lambda t: torch.cat([t, t], 1),
            lambda t: F.max_pool2d(t, 2),
            lambda t: F.interpolate(t, scale_factor=2),
            lambda t: F.batch_norm(t, None, None, training=True),
        ):
            self.assert_same(fn(cast), fn(image))

    def test_matrix_products_of_private_layouts(self):
        a, b, c = torch.randn(20, 33), torch.randn(33, 18), torch.randn(18)
        for layouts in ((ND, FRACTAL_NZ), (FRACTAL_NZ, ND), (FRACTAL_NZ, FRACTAL_NZ)):
            x, y = (t.npu().npu_format_cast(f) for t, f in zip((a, b), layouts))
            self.assert_same(x @ y, a @ b)
            self.assert_same(torch.addmm(c.npu(), x, y), torch.addmm(c, a, b))

    def test_writing_over_private_layouts(self):
        source = torch.randn(2, 19, 6, 5)
        for write in (
            lambda t: t.add_(1).mul_(2),
            lambda t: t.zero_(),
            torch.relu_,
            lambda t: t[:, 3].fill_(4),
        ):
            want, cast = source.clone(), source.npu().npu_format_cast(NC1HWC0)
            write(want)
            write(cast)
            self.assert_same(cast, want)

    def test_gradients_of_private_layouts(self):
        leaves = [torch.randn(2, 19, 6, 5), torch.randn(7, 19, 3, 3)]
        on_npu = [t.npu().requires_grad_() for t in leaves]
        leaves = [t.requires_grad_() for t in leaves]
        F.conv2d(*leaves).relu().sum().backward()
        cast = [t.npu_format_cast(f) for t, f in zip(on_npu, (NC1HWC0, FRACTAL_Z))]
        F.conv2d(*cast).relu().sum().backward()
        for npu, cpu in zip(on_npu, leaves):
            self.assert_same(npu.grad, cpu.grad)

    def test_what_is_refused(self):
        there = torch.randn(2, 3, device="npu")
        with self.assertRaisesRegex(RuntimeError, "29 .*FRACTAL_NZ"):
            there.npu_format_cast(77)
        with self.assertRaises(RuntimeError):
            there.npu_format_cast(NC1HWC0)
        with self.assertRaisesRegex(TypeError, "29 FRACTAL_NZ"):
            there.npu_format_cast("NZ")
        with self.assertRaisesRegex(RuntimeError, "this one is on cpu"):
            torch.npu.npu_format_cast(torch.ones(2, 3), ND)
        with self.assertRaisesRegex(TypeError, "a tensor is wanted; list"):
            torch.npu.get_npu_format([1])
        self.assertIn(torch.npu.get_npu_format(there), (ND, NCHW))


if __name__ == "__main__":
    run_tests()
